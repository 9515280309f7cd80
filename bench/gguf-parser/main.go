// gguf-parser-bench FILE CONTEXT: what gguf-parser estimates for a GGUF file with all layers on one GPU, in bytes:
// weights, KV cache, computation.
package main

import (
	"fmt"
	"os"
	"strconv"

	parser "github.com/gpustack/gguf-parser-go"
)

func main() {
	file, err := parser.ParseGGUFFile(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	context, err := strconv.ParseInt(os.Args[2], 10, 32)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	run := file.EstimateLLaMACppRun(
		parser.WithLLaMACppContextSize(int32(context)),
		parser.WithLLaMACppOffloadLayers(1<<30),
		parser.WithFlashAttention(),
		parser.WithParallelSize(1))
	gpu := run.Devices[len(run.Devices)-1]
	fmt.Println(uint64(gpu.Weight.Sum()), uint64(gpu.KVCache.Sum()), uint64(gpu.Computation.Sum()))
}
