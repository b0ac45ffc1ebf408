/**
 * Asks whether the user may share what they publish: once per account. The tracker keeps the answer, so that
 * no other computer asks again.
 */
import type { Options } from 'yargs';
import { ownAccount as shape } from '../../../../tracker/protocol/api/people-shapes.ts';
import { ownAccount, type TrackerAccount } from '../../../account/account.ts';
import { CliError } from '../../cli-error.ts';
import type { Output } from '../../screen/output.ts';
import { canAsk, isYes } from '../../screen/yes-or-no.ts';
import { plain } from '../making/torrent-summary.ts';

export const rightsOption = {
  'i-may-share': {
    type: 'boolean',
    describe: 'Confirm, once per account, that you may share what you publish; default: ask',
  },
} as const satisfies Record<string, Options>;

const explanation =
  'Publishing shows others what is in a folder, and gives them its files. You may do so with what is your own work, what has a licence that allows it, and what its owner has allowed you to share.';

/** Call before anything is hashed or sent. Throws CliError `rights-unconfirmed`, or TrackerError. */
export async function confirmRights(
  account: TrackerAccount,
  isSaid: boolean | undefined,
  output: Output,
): Promise<void> {
  const { rightsConfirmedAtMs } = await ownAccount(account);
  if (rightsConfirmedAtMs !== undefined) return;
  if (isSaid !== true && !(isSaid === undefined && canAsk() && (await isAnsweredYes(account, output)))) {
    throw new CliError(
      'rights-unconfirmed',
      'nothing is published before you have said, once for your account, that you may share what you publish: --i-may-share, or CICADA_I_MAY_SHARE=1',
    );
  }
  const body = { mayShare: true };
  await account.call({ method: 'PATCH', path: '/accounts/me', body, answer: shape });
}

async function isAnsweredYes({ url }: TrackerAccount, output: Output): Promise<boolean> {
  output.clearLive();
  output.remark(explanation);
  return await isYes(`I may share what I publish at ${plain(url)}. Asked once. [y/N] `);
}
