package edit

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"sync"

	"github.com/qidong/qidong/orchestrator/journey"
)

//go:embed templates/*.yaml
var templateFiles embed.FS

// Template is a journey to start from.
type Template struct {
	Name               string // of its journey
	Title, Description journey.Text
	Steps              int
	Source             string
}

// Templates are journeys to start from, the most general first, in English and
// Simplified Chinese. They need no plugin; what else they name, such as a
// segment, the designer is told when it is not there.
func Templates() []Template { return slices.Clone(templates()) }

var templates = sync.OnceValue(func() []Template {
	files, err := fs.Glob(templateFiles, "templates/*.yaml")
	if err != nil {
		panic(err) //nolint:forbidigo // the pattern above
	}
	var out []Template
	for _, file := range files {
		source, err := fs.ReadFile(templateFiles, file)
		if err != nil {
			panic(err) //nolint:forbidigo // it is embedded
		}
		d, problems := journey.Decode(source)
		if len(problems) > 0 {
			panic(fmt.Sprint(file, problems)) //nolint:forbidigo // the test below reads all of them
		}
		out = append(out, Template{
			Name: d.Definition.Journey, Title: d.Definition.Title, Description: d.Definition.Description,
			Steps: journey.StepCount(d.Definition), Source: string(source),
		})
	}
	return out
})
