/**
 * The inline stub: calls made before the SDK has loaded wait in a queue.
 * Optional: without it, calls are possible once /sdk/milepost.js has run.
 */
interface Queueing {
  (...call: unknown[]): void;
  q?: unknown[][];
}

((page: { milepost?: Queueing }) => {
  const queueing: Queueing = (...call) => {
    queueing.q!.push(call);
  };
  queueing.q = [];
  page.milepost ??= queueing;
})(window as unknown as { milepost?: Queueing });
