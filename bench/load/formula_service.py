"""The existing tool's formula behind FastAPI: what the service is measured beside."""
import fastapi
import pydantic

BYTES = {"fp8": 1.0, "int8": 1.0, "q4": 0.5, "fp16": 2.0, "bf16": 2.0}
GIB = 2**30
service = fastapi.FastAPI()


class Formula(pydantic.BaseModel):
    params_billion: float
    layers: int
    kv_heads: int
    head_dim: int
    quant: str = "fp16"
    kv_dtype: str = "fp8"


class Model(pydantic.BaseModel):
    formula: Formula


class Workload(pydantic.BaseModel):
    concurrent_requests: int = 1
    context_tokens: int = 8192


class Request(pydantic.BaseModel):
    model: Model
    gpu: dict
    workload: Workload = Workload()


@service.post("/v1/estimate")
def estimate(request: Request):
    figures, load = request.model.formula, request.workload
    weights = figures.params_billion * 1e9 * BYTES.get(figures.quant, 1.0) / GIB
    elements = 2 * figures.layers * figures.kv_heads * figures.head_dim
    kv = elements * BYTES.get(figures.kv_dtype, 1.0) * load.context_tokens * load.concurrent_requests / GIB
    total = (weights + kv + 1.5) * 1.10
    return {"weights_gib": weights, "kv_gib": kv, "overhead_gib": 1.5, "vision_gib": 0.0, "frag_factor": 1.10,
            "total_gib": total}
