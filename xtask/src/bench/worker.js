// A miner worker's part of the benchmark: it starts as the page's miner does, and says how fast it is, and how soon.
import load, { fastest, scan_by, try_out } from "./shipped/bench.js";

const SLICE = 16384;
let tried = false;

function start() {
  if (!tried) try_out(() => performance.now());
  tried = true;
}

// Slices until so many milliseconds have passed: when each ended, and its rate.
function slices(started, milliseconds) {
  const search = fastest();
  const done = [];
  let nonce = 0;
  for (let ended = performance.now(); ended - started < milliseconds; ) {
    const began = ended;
    scan_by(search, nonce, SLICE);
    nonce += SLICE;
    ended = performance.now();
    done.push({ ended: ended - started, rate: (1000 * SLICE) / (ended - began) });
  }
  return done;
}

const turns = {
  // The program alone, as the page hands it on compiled.
  load: async () => void (await load()),
  rate(milliseconds) {
    start();
    const began = performance.now();
    const done = slices(began, milliseconds);
    return (1000 * SLICE * done.length) / done.at(-1).ended;
  },
  // How long it took from the start until slices are at 90 % of the rate that they settle at, the trial included.
  warm_up(milliseconds) {
    const began = performance.now();
    start();
    const done = slices(began, milliseconds);
    const later = done.slice(done.length / 2).map(({ rate }) => rate);
    const settled = later.sort((a, b) => a - b)[Math.floor(later.length / 2)];
    return done.find(({ rate }) => rate >= 0.9 * settled).ended;
  },
};

self.onmessage = async ({ data: [turn, ...numbers] }) => self.postMessage(await turns[turn](...numbers));
