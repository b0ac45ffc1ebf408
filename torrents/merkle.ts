/**
 * Merkle trees of BEP 52: SHA-256 over blocks of 16 KiB, two children to a parent, zeros beyond the end of
 * the file.
 *
 * A layer is hashes of 32 bytes one after the other; layer 0 is the leaves. Layers leave out hashes that lie
 * wholly beyond the end of the file, because they are constants (zeroHash).
 * Invariant: this file only computes over bytes, without I/O or state.
 * Left to others: hashing files (hashing/), requesting hashes from peers (the engine).                 BEP 52
 */
import { createHash } from 'node:crypto';

export const hashBytes = 32;
export const leafBytes = 16 * 1024;

/** The leaf of one block. `block` has 16 KiB, or less at the end of a file. */
export function leafHash(block: Uint8Array): Uint8Array {
  return createHash('sha256').update(block).digest();
}

/** The root of a subtree that lies wholly beyond the end of a file. Height 0 is a leaf, all zeros. */
export function zeroHash(height: number): Uint8Array {
  const known = zeroHashes[height];
  if (known !== undefined) return known;
  const below = zeroHash(height - 1);
  const hash = parentOf(below, below);
  zeroHashes[height] = hash;
  return hash;
}

const zeroHashes: Uint8Array[] = [new Uint8Array(hashBytes)];

/** The height above the leaves of the layer where one hash covers one piece. */
export function pieceLayerHeight(pieceLength: number): number {
  return Math.log2(pieceLength / leafBytes);
}

/** The number of leaves of a tree over so many bytes: blocks rounded up to a power of two. */
export function treeWidth(bytes: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, Math.ceil(bytes / leafBytes))));
}

/**
 * A layer → all layers from it up to the root. `height` is the height of the given layer above the leaves.
 * It determines the hash that fills up the layer beyond the end of the file.
 */
export function layersAbove(layer: Uint8Array, height: number): Uint8Array[] {
  const layers = [layer];
  for (let below = layer, level = height; below.length > hashBytes; level++) {
    const count = below.length / hashBytes;
    const above = new Uint8Array(Math.ceil(count / 2) * hashBytes);
    for (let index = 0; index < count; index += 2) {
      const right = index + 1 < count ? hashAt(below, index + 1) : zeroHash(level);
      above.set(parentOf(hashAt(below, index), right), (index / 2) * hashBytes);
    }
    layers.push(above);
    below = above;
  }
  return layers;
}

/** The root over a layer. The root over a single hash is that hash. */
export function rootOf(layer: Uint8Array, height: number): Uint8Array {
  return layersAbove(layer, height).at(-1) ?? layer;
}

/**
 * The uncle hashes that lead from a run of hashes to the root, lowest first. `layers`: from the layer of the
 * run up. `length` is a power of two and `index` a multiple of it (BEP 52). `proofLayers` limits the layers,
 * counted from the layer of the run. The uncles inside the run are left out, because they follow from the run
 * (BEP 52).
 */
export function proofOf(
  layers: readonly Uint8Array[],
  height: number,
  index: number,
  length: number,
  proofLayers = Number.POSITIVE_INFINITY,
): Uint8Array {
  const uncles: Uint8Array[] = [];
  let at = index / length;
  let level = Math.log2(length);
  for (const layer of layers.slice(level, Math.min(layers.length - 1, proofLayers))) {
    const uncle = at ^ 1;
    uncles.push((uncle + 1) * hashBytes <= layer.length ? hashAt(layer, uncle) : zeroHash(height + level));
    at >>>= 1;
    level++;
  }
  return Buffer.concat(uncles);
}

/**
 * A run of hashes of one layer and its uncles → the root they prove. The caller compares it with the known
 * root. A run at the end of a file may be shorter than `length`.
 */
export function rootFromProof(
  hashes: Uint8Array,
  height: number,
  index: number,
  length: number,
  proof: Uint8Array,
): Uint8Array {
  let level = height;
  let run = hashes;
  for (let width = length; width > 1; width /= 2, level++) {
    const above = new Uint8Array(Math.ceil(run.length / hashBytes / 2) * hashBytes);
    for (let child = 0; child * hashBytes < run.length; child += 2) {
      const right = (child + 2) * hashBytes <= run.length ? hashAt(run, child + 1) : zeroHash(level);
      above.set(parentOf(hashAt(run, child), right), (child / 2) * hashBytes);
    }
    run = above;
  }
  let root = hashAt(run, 0);
  let at = index / length;
  for (let uncle = 0; uncle * hashBytes < proof.length; uncle++) {
    const other = hashAt(proof, uncle);
    root = at % 2 === 0 ? parentOf(root, other) : parentOf(other, root);
    at = Math.floor(at / 2);
  }
  return root;
}

/** One hash of a layer (a view). */
export function hashAt(layer: Uint8Array, index: number): Uint8Array {
  return layer.subarray(index * hashBytes, (index + 1) * hashBytes);
}

function parentOf(left: Uint8Array, right: Uint8Array): Uint8Array {
  return createHash('sha256').update(left).update(right).digest();
}
