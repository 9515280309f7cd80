// Requests and reports as docs/schema describes them; only the members that the page shows.

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
export type Arguments = Record<string, Json>;

export interface Formula {
  params_billion: number;
  quant: string;
  layers: number;
  kv_heads: number;
  head_dim: number;
  kv_dtype: string;
  bytes_per_param?: number;
  kv_bytes?: number;
  overhead_gib?: number;
  vision_gib?: number;
  frag_factor?: number;
}

export interface Model {
  source?: string;
  config?: Json;
  weights_index?: Json;
  name?: string;
  formula?: Formula;
}

export interface Gpu {
  name?: string;
  count?: number;
  total_bytes?: number;
  free_bytes?: number;
  compute_capability?: string;
}

/** What start-ups of one machine taught: by how much each differed from the built-in estimates. */
export interface Calibration {
  schema: string;
  name: string;
  start_ups: Json[];
}

export interface Request {
  model: Model;
  engine?: { version: string };
  gpu?: Gpu;
  args?: Arguments;
  workload?: { concurrent_requests: number; context_tokens: number };
  profile?: string;
  calibration?: Calibration;
}

export interface Rank {
  rank: number;
  tp_rank: number;
  pp_rank: number;
  weights_bytes: number;
  model_loading_bytes: number;
  activation_peak_bytes: number;
  non_torch_bytes: number;
  cuda_graph_bytes: number;
  cuda_graph_reserved_bytes: number;
  context_bytes: number;
  requested_bytes: number;
  available_kv_bytes: number;
  kv_cache_bytes: number;
  peak_bytes: number;
  free_after_bytes: number;
  intervals: Record<'model_loading' | 'activation_peak' | 'non_torch' | 'cuda_graphs' | 'context' | 'available_kv', Interval>;
}

export type Interval = [number, number];

export interface KvCache {
  dtype: string;
  block_size: number;
  num_blocks: number;
  bytes_per_block: number;
  tokens: number;
  max_concurrency: number;
  max_concurrency_printed: string;
  groups: { kind: string; layers: number; block_size: number; page_bytes: number; window: number | null }[];
  needed_bytes_for_max_model_len: number;
  estimated_max_model_len: number | null;
  max_context_tokens: number | null;
  bytes_per_token_marginal: number;
}

export interface Suggestion {
  change: { [name: string]: Json };
  words: string;
  effect: string;
  costs: string;
  fits: boolean;
  probability_fits: number;
  max_concurrency: number;
}

export type Reason =
  | 'ok'
  | 'invalid_arguments'
  | 'free_memory_below_request'
  | 'out_of_memory_loading'
  | 'out_of_memory_profiling'
  | 'out_of_memory_capturing'
  | 'no_kv_memory'
  | 'max_model_len_too_long'
  | 'unsupported_model';

export interface Report {
  mode: 'vllm';
  engine: { version: string; rules_as_of: string; exact: boolean };
  model: { name: string; architecture: string; parameters: number; layers: number; dtype: string; quantization: string | null; max_model_len: number | null };
  args: Arguments;
  gpu: { name: string; count: number; total_bytes: number; compute_capability: string };
  verdict: { fits: boolean; reason: Reason; message: string | null; probability_fits: number };
  ranks: Rank[];
  kv_cache: KvCache | null;
  workload: { fits: boolean; concurrent_requests_possible: number; context_possible: number } | null;
  uncertainty: { available_kv_bytes: Interval; tokens: Interval; basis: string } | null;
  components: { name: string; bytes: number; explains: string }[];
  assumptions: { about: string; value: string; why: string; source: string }[];
  suggestions: Suggestion[];
  log: string[];
}

export interface FormulaReport {
  mode: 'formula';
  formula: { weights_gib: number; kv_gib: number; overhead_gib: number; vision_gib: number; frag_factor: number; total_gib: number };
  verdict: { fits: boolean } | null;
  assumptions: { about: string; value: string; why: string }[];
}

/** What llama.cpp makes of a GGUF file: a rank is a GPU, its activations are the compute buffer. */
export interface GgufReport {
  mode: 'llama.cpp';
  engine: { version: string; rules_as_of: string };
  model: { name: string; architecture: string; parameters: number; layers: number; dtype: string };
  args: Arguments;
  gpu: { name: string; count: number; total_bytes: number };
  verdict: { fits: boolean; message: string | null; probability_fits: number };
  ranks: {
    rank: number;
    model_loading_bytes: number;
    activation_peak_bytes: number;
    context_bytes: number;
    kv_cache_bytes: number;
    peak_bytes: number;
    free_after_bytes: number;
  }[];
  host: { layers: number; weights_bytes: number; kv_cache_bytes: number };
  kv_cache: { tokens: number; max_concurrency: number };
  assumptions: { about: string; value: string; why: string; source: string }[];
  log: string[];
}

export interface GgufAnswer {
  sentence: string;
  report: GgufReport;
}

/** Why a part is as large as it is. */
export interface Explained {
  question: string;
  sentence: string;
  lines: [what: string, number: string][];
  source: string;
  /** To vLLM's own code, where the version is a release; else empty. */
  link: string;
}

/** What the page shows at each keystroke. */
export interface Answer {
  sentence: string;
  unsure: boolean;
  workload: string;
  command: string;
  /** By the names that --explain takes; empty where the report has no memory. */
  why: Record<string, Explained>;
  report: Report;
}

export interface Asked {
  request: Partial<Request>;
  understood: { part: string; words: string; meaning: string }[];
  not_understood: string[];
  hints: string[];
}

export interface Card {
  id: string | null;
  name: string;
  driver_name: string;
  vendor: string;
  total_bytes: number;
  driver_total_bytes: number;
  free_bytes?: number | null;
  index?: number;
  compute_capability: string;
  profile?: string;
}

export interface Argument {
  name: string;
  kind: 'flag' | 'integer' | 'number' | 'count' | 'text' | 'json' | 'list' | 'any';
  aliases: string;
  since: string;
  until: string;
  group?: string;
}

export interface Profile {
  overhead_gib: number;
  vision_gib: number;
  frag_factor: number;
}

export interface About {
  releases: { version: string; as_of: string }[];
  newest: string;
  arguments: Argument[];
  profiles: Record<string, Profile>;
}

export interface Concurrency {
  limit_tokens: number;
  by_context: { context_tokens: number; requests: number; interval: Interval }[];
  by_requests: { requests: number; context_tokens: number; interval: Interval }[];
}

export interface FormulaContext {
  context_k: number;
  context_tokens: number;
  kv_gib: number;
  total_gib: number;
}

export interface Entry {
  name: string;
  display_name: string;
  backend: string;
  models: string[];
  extra_args: string[];
  figures: Record<'params_billion' | 'layers' | 'kv_heads' | 'head_dim' | 'context_tokens' | 'vision_gib', { value: number; from: string } | null>;
  quant: string;
  kv_dtype: string;
  missing: string[];
}

export interface Failure {
  error: { code: string; message: string };
}

export interface Diagnosis {
  outcome: string;
  reason: string | null;
  stage: string;
  says: string;
  cause: { line: number; text: string } | null;
  later_failure: { line: number; text: string } | null;
  lines_missing: boolean;
  vllm_version: string | null;
  model: string | null;
  stated: Record<string, Json>;
  evidence: { line: number; text: string }[];
  guesses: { about: string; value: string; why: string }[];
  left_out: string[];
  not_predicted: string | null;
  comparison: { quantity: string; line: number; stated: number; predicted: number; interval: Interval; inside: boolean }[];
  suggestions: (Omit<Suggestion, 'fits'> & { fits: boolean | null })[];
  report: Report | null;
}
