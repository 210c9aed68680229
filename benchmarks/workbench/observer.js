// Watches the workbench's page from outside: which frames come, when they are drawn, and how long an input takes
// to be seen. The page knows nothing of it.
(() => {
  const CANVASES = [".network .drawing > canvas:last-of-type", ".region .plane > canvas"];
  const newest = { count: 0, run: 0, epoch: 0 };
  const drawn = new Map();
  const seen = { run: 0, epoch: 0, learned: null };

  function headerOf(buffer) {
    const length = new DataView(buffer).getUint32(8, true);
    return JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 16, length)));
  }

  function hear({ data }) {
    if (!(data instanceof ArrayBuffer)) return;
    const { kind, run, epoch } = headerOf(data);
    if (kind === "frame") Object.assign(newest, { count: newest.count + 1, run, epoch });
  }

  const Socket = window.WebSocket;
  window.WebSocket = class extends Socket {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", hear);
    }
  };

  // Every drawing begins by wiping its canvas; one frame counts once on each.
  const wipe = CanvasRenderingContext2D.prototype.clearRect;
  CanvasRenderingContext2D.prototype.clearRect = function (...given) {
    note(this.canvas);
    return wipe.apply(this, given);
  };

  function note(canvas) {
    const { latest, frames } = drawn.get(canvas) ?? { latest: 0, frames: 0 };
    if (newest.count === latest) return;
    drawn.set(canvas, { latest: newest.count, frames: frames + 1 });
    if (!canvas.matches(CANVASES[0])) return;
    seen.run = newest.run;
    seen.epoch = newest.epoch;
    if (seen.epoch >= 1) seen.learned ??= performance.timeOrigin + performance.now();
  }

  /** Frames that are on all canvases. */
  function frames() {
    const of = (selector) => drawn.get(document.querySelector(selector))?.frames ?? 0;
    return Math.min(...CANVASES.map(of));
  }

  const text = (selector) => document.querySelector(selector)?.textContent ?? "";
  const READ = {
    run: () => seen.run,
    rate: () => text(".rate > span:not(.muted)"),
    status: () => document.querySelector(".button.primary")?.getAttribute("aria-label"),
    answer: () => text(".region .answer"),
  };

  /** Milliseconds from the next event of a type until what is read there has changed, and is painted. */
  function delay(type, what) {
    const read = READ[what];
    const before = read();
    let began = null;
    document.addEventListener(type, ({ timeStamp }) => { began ??= timeStamp; }, { capture: true, once: true });
    return new Promise((resolve) => {
      const look = () => {
        if (began === null || read() === before) {
          requestAnimationFrame(look);
          return;
        }
        // A message that is sent before a paint is heard behind it.
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => resolve(performance.now() - began);
        port2.postMessage(null);
      };
      requestAnimationFrame(look);
    });
  }

  window.observer = { frames, seen, delay };
})();
