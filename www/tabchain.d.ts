/**
 * `window.tabchain`: the node of this page.
 *
 * Every call but `on` returns a promise; a refusal rejects with a `TabchainError`. Hashes and ids are lower-case
 * hex, addresses bech32m, amounts decimal strings of whole tabs, the only unit, times Unix milliseconds.
 */
export interface Tabchain {
  /** The state at a glance. */
  status(): Promise<Status>;
  /** Starts, stops or tunes the miner; what is left out stays as it is. More workers than cores become that many. */
  mine(request: { on: boolean; workers?: number; intensity?: number }): Promise<Mining>;
  /** Signs a payment and resolves once the node has accepted it. A used `nonce` replaces the waiting payment. */
  send(payment: { to: string; amount: string; fee?: string; data?: string; nonce?: number }): Promise<{ id: string }>;
  /** A block of the chain by height or hash. */
  block(heightOrHash: number | string): Promise<Block>;
  /** Blocks of the chain downwards from a height, or from the tip where that is lower; at most 100. */
  blocks(from?: number | null, count?: number): Promise<BlockSummary[]>;
  /** A payment, waiting or confirmed. */
  transaction(id: string): Promise<Transaction>;
  /** An account. */
  account(address: string): Promise<Account>;
  /** The waiting payments, the next to be mined first; at most 200. */
  mempool(): Promise<Transaction[]>;
  /** The peers. */
  peers(): Promise<Peer[]>;
  /** Connects to the page's relay, or to another one until the page is loaded again; resolves to the new state. */
  connect(relayUrl?: string): Promise<ConnectionState>;
  /** Leaves the relay until told otherwise. */
  disconnect(): Promise<ConnectionState>;
  /** Asks the peers for a better chain. */
  sync(): Promise<{ outcome: "replaced" | "already-best" | "no-peers"; height: number; tip: string }>;
  /**
   * Checks every stored block from genesis, signatures included, and that they come to this node's balances and to the
   * stored snapshot; `height` is the last that holds. An error at height 0 is the snapshot's, which cannot be read. Runs beside the node, which tells `verifying` events meanwhile.
   */
  verify(): Promise<{ valid: boolean; height: number; error?: { height: number; hash: string; rule: string } }>;
  /** The chain as a file. */
  export(): Promise<Uint8Array>;
  /** Checks and adopts a chain file. */
  import(file: Uint8Array | ArrayBuffer): Promise<{ blocks: number; height: number; tip: string }>;
  /** Forgets the chain and the waiting payments, keeps the key. */
  reset(): Promise<void>;
  /**
   * Calls back on every event of a kind; returns the function that ends it, and throws at a kind that there is not. While
   * a long chain is fetched or a file is imported not every block is told: ask `blocks`.
   */
  on<K extends keyof Events>(event: K, callback: (value: Events[K]) => void): () => void;
}

/** What a refused call rejects with. */
export interface TabchainError extends Error {
  name: "TabchainError";
  /** The rule's or the error's name: `insufficient-funds`, `bad-address`, `bad-argument`, `C-14`. */
  code: string;
  /** The field or argument of the request that is at fault. */
  field?: string;
}

export interface Events {
  block: BlockSummary;
  reorg: { forkHeight: number; disconnected: string[]; connected: string[] };
  transaction: Transaction;
  peers: Peer[];
  connection: { state: ConnectionState; relay: string; reason: string; retryAt?: number };
  mining: Mining;
  /** How far a running `verify` is, some times a second: up to `height` the blocks hold, `total` is the tip's. */
  verifying: { height: number; total: number };
  log: {
    time: number;
    part: "chain" | "mempool" | "peers" | "sync" | "miner" | "storage";
    level: "info" | "warn";
    text: string;
  };
}

export type ConnectionState = "online" | "connecting" | "offline" | "off";

export interface Status {
  version: string;
  room: string;
  genesis: string;
  nodeId: string;
  address: string;
  height: number;
  tip: string;
  /** The work of the chain in hashes. */
  work: string;
  balance: string;
  /** The nonce of the next payment. */
  nonce: number;
  /** What the waiting payments will take, fees included. */
  pending: string;
  peers: number;
  mempool: number;
  mining: boolean;
  /** Hashes per second. */
  hashRate: number;
  connection: ConnectionState;
  storage: "persistent" | "best-effort" | "memory";
  /** The tab's slot in this browser; 0 is none. */
  slot: number;
  /** How many blocks a running sync still misses. */
  syncing: number;
  /** How many stored blocks are still to be read after a start; what is asked of blocks waits for them. */
  loading: number;
  /** Whether the node is possibly cut off: for two minutes it was shown more than it was given. */
  isolated: boolean;
}

export interface Mining {
  on: boolean;
  workers: number;
  workersMax: number;
  /** Per cent of each worker's time. */
  intensity: number;
  hashRate: number;
  blocksWon: number;
  /** Whether it waits for the peers' answers after waking. */
  waiting: boolean;
}

export interface BlockSummary {
  height: number;
  hash: string;
  time: number;
  miner: string;
  /** How many payments it confirms. */
  transactions: number;
  size: number;
  reward: string;
  /** Whether this node's wallet mined it. */
  mine: boolean;
}

export interface Block {
  height: number;
  hash: string;
  previous: string;
  merkleRoot: string;
  time: number;
  bits: string;
  target: string;
  nonce: number;
  size: number;
  work: string;
  miner: string;
  reward: string;
  transactions: Transaction[];
}

export interface Transaction {
  id: string;
  from: string;
  to: string;
  amount: string;
  fee: string;
  nonce: number;
  data: string;
  size: number;
  state: "pending" | "confirmed";
  /** The hash of the block that confirms it. */
  block?: string;
  /** The height of the block that confirms it, or of the block that may. */
  height: number;
  /** The nonce of its sender's payment that has to be made before it and is not known. */
  waitsFor?: number;
}

export interface Account {
  address: string;
  balance: string;
  nonce: number;
  pending: string;
}

export interface Peer {
  id: string;
  via: "broadcast" | "relay";
  height: number;
  tip: string;
  latencyMs?: number;
  since: number;
}

declare global {
  interface Window {
    tabchain: Tabchain;
  }
}
