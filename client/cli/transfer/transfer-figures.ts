/** The figures of one transfer: for the live line, and for the `progress` documents of scripts. */
import { basename } from 'node:path';
import { displayPath } from '../../../torrents/paths/path-rules.ts';
import type { DiskTrouble } from '../../engine/contract.ts';
import type { Transfer } from '../../session/transfers/transfer.ts';
import type { Output } from '../screen/output.ts';
import type { TransferFigures } from '../screen/progress-line.ts';
import { diskWords } from '../swarm-view/disk-words.ts';
import { type Obstacle, obstaclesOf } from '../swarm-view/obstacles.ts';
import { outlook } from '../swarm-view/standstill.ts';
import { waitingReason } from '../swarm-view/waiting-reason.ts';

/** The part of a transfer that is shown. */
export type ShownTransfer = Pick<Transfer, 'infoHash' | 'metainfo' | 'run'>;

/** Why the transfer makes no progress, as far as known. */
export function obstaclesOfTransfer({ metainfo, run }: ShownTransfer): readonly Obstacle[] {
  return obstaclesOf(run.status, metainfo.webSeeds, run.following.dials.closers);
}

export function diskWordsOf({ run }: ShownTransfer, trouble: DiskTrouble): string {
  if (run.following.isDiskSettling) return 'the disk takes pieces again';
  const { wantedBytes, haveWantedBytes } = run.hasBegun ? run.status : { wantedBytes: 0, haveWantedBytes: 0 };
  const { freeBytes } = run.following;
  return diskWords(trouble, { missingBytes: wantedBytes - haveWantedBytes, freeBytes });
}

export function figuresOf(transfer: ShownTransfer): TransferFigures {
  const { status, following } = transfer.run;
  const { haveWantedBytes, wantedBytes, upBps, peers } = status;
  const missing = wantedBytes - haveWantedBytes;
  const downBps = following.diskTrouble === undefined ? status.downBps : 0;
  return {
    bytes: haveWantedBytes,
    totalBytes: wantedBytes,
    downBps,
    upBps,
    peers: peers.length,
    etaSeconds: downBps > 0 ? Math.ceil(missing / downBps) : undefined,
    waitingFor: waitsFor(transfer),
  };
}

function waitsFor(transfer: ShownTransfer): string | undefined {
  const { metainfo, run } = transfer;
  const { diskTrouble, dials } = run.following;
  if (diskTrouble !== undefined) return diskWordsOf(transfer, diskTrouble);
  if (run.status.complete || run.isMoving) return undefined;
  if (run.waitsFor !== undefined) return `waits for ${displayPath([basename(run.waitsFor.path)])}`;
  const { closers, reasons } = dials;
  return waitingReason(run.status, { webSeeds: metainfo.webSeeds, closers, reasons });
}

/** Prints the `progress` document for scripts. */
export function announceProgress(transfer: ShownTransfer, output: Output): void {
  const { infoHash, run } = transfer;
  const { bytes, totalBytes: total, etaSeconds = null, waitingFor = null, ...figures } = figuresOf(transfer);
  const { status, following } = run;
  const { diskTrouble, freeBytes = null } = following;
  const disk =
    diskTrouble === undefined
      ? null
      : {
          ...{ code: diskTrouble.code, message: diskTrouble.message },
          ...{ missingBytes: total - bytes, freeBytes },
        };
  output.document({
    ...{ event: 'progress', infoHash, bytes, total, etaSeconds, ...figures, uploaded: status.uploaded },
    waitingFor,
    disk,
    outlook: waitingFor === null ? null : outlook(status),
    obstacles: waitingFor === null ? [] : obstaclesOfTransfer(transfer),
    sources: run.sources().map(({ address: peer, ...source }) => ({ peer, ...source })),
  });
}
