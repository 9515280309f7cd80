// Reads a Compose file from standard input as Docker Compose does and prints the names of its services.
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
)

func load(text []byte) (*types.Project, error) {
	file := types.ConfigFile{Filename: "compose.yaml", Content: text}
	details := types.ConfigDetails{WorkingDir: ".", ConfigFiles: []types.ConfigFile{file}, Environment: types.Mapping{}}
	return loader.LoadWithContext(context.Background(), details, func(options *loader.Options) {
		options.SetProjectName("test", true)
		options.Profiles = []string{"*"}
	})
}

func main() {
	text, err := io.ReadAll(os.Stdin)
	var project *types.Project
	if err == nil {
		project, err = load(text)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for _, name := range project.ServiceNames() {
		fmt.Println(name)
	}
}
