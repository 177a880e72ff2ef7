// Clients that send tensors as bytes put the same JSON before them again and again: what it says is read once. Only JSON without values is
// kept, a few of them, and no large ones.
import type { InferRequest } from "./oip_request.ts";

/** Kept at once; one more replaces the one that was asked for the longest time ago. */
const most = 8;
const largest = 16 * 1024;

export class RememberedHeads {
  /** The last one that was asked for stands first. */
  readonly #heads: { readonly bytes: Buffer; readonly request: InferRequest }[] = [];

  /**
   * What a head says.
   * @param bytes of its JSON
   * @param read a pure function of the bytes; what it throws is not kept
   */
  read(bytes: Buffer, read: (bytes: Buffer) => InferRequest): InferRequest {
    const at = this.#heads.findIndex((head) => head.bytes.equals(bytes));
    if (at >= 0) {
      const head = this.#heads[at]!;
      if (at > 0) {
        this.#heads.splice(at, 1);
        this.#heads.unshift(head);
      }
      return head.request;
    }
    const request = read(bytes);
    if (bytes.length <= largest && request.inputs.every(({ data }) => data === null)) {
      // A copy: the body's memory goes on with the body.
      this.#heads.unshift({ bytes: Buffer.from(bytes), request });
      if (this.#heads.length > most) this.#heads.pop();
    }
    return request;
  }
}
