-- For wrk: 512 requests of eight models, four cards and many lengths, in turn; so many to a body as LOAD_LINES says.
local models = {"Qwen/Qwen3-8B", "Qwen/Qwen3-32B", "Qwen/Qwen3-4B", "meta-llama/Llama-3.1-8B-Instruct",
                "mistralai/Mistral-7B-Instruct-v0.3", "Qwen/Qwen3-30B-A3B", "openai/gpt-oss-20b", "google/gemma-3-12b-it"}
local cards = {"H100", "RTX-4090", "L40S", "A100-SXM-80GB"}
local lines = tonumber(os.getenv("LOAD_LINES") or "1")
local bodies, at = {}, 0

local function formula(i)
  return string.format('{"model": {"formula": {"params_billion": %d, "quant": "fp8", "layers": 36, "kv_heads": 8, "head_dim": 128}},'
                       .. ' "gpu": {"name": "%s"}, "workload": {"concurrent_requests": 1, "context_tokens": %d}}',
                       1 + i % 70, cards[1 + i % 4], 1024 + 64 * i)
end

local function launch(i)
  return string.format('{"model": {"source": "%s"}, "gpu": {"name": "%s"}, "args": {"max_model_len": %d}}',
                       models[1 + i % 8], cards[1 + math.floor(i / 8) % 4], 2048 + 16 * i)
end

function init(args)
  local path = lines > 1 and "/v1/batch" or "/v1/estimate"
  local of = os.getenv("LOAD_MODE") == "formula" and formula or launch
  local head = {["Content-Type"] = "application/json"}
  local next = 0
  for b = 1, lines > 1 and 8 or 512 do
    local body = {}
    for l = 1, lines do
      body[l] = of(next % 512)
      next = next + 1
    end
    bodies[b] = wrk.format("POST", path, head, table.concat(body, "\n"))
  end
end

-- Milliseconds that a connection waits before each call, so that the cores are not full.
local pause = tonumber(os.getenv("LOAD_PAUSE_MS") or "0")
if pause > 0 then
  function delay() return pause end
end

function request()
  at = at % #bodies + 1
  return bodies[at]
end

function done(summary, latency, _)
  local failed = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.status + summary.errors.timeout
  io.write(string.format("figures %d %d %d %d %d %d\n", summary.requests * lines, summary.duration, latency:percentile(50),
                         latency:percentile(99), failed, summary.bytes))
end
