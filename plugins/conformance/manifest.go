package conformance

import (
	"fmt"
	"strings"

	"github.com/qidong/qidong/sdk/abi"
)

// texts warns of texts for people that have no Chinese.
func (c *checker) texts(s *Stage) {
	m := c.manifest
	var missing []string
	look := func(path string, t abi.Text) {
		if len(t) > 0 && t["zh-CN"] == "" {
			missing = append(missing, path)
		}
	}
	look("title", m.Title)
	look("description", m.Description)
	for i, n := range m.Needs.HTTP {
		look(fmt.Sprintf("needs.http[%d].reason", i), n.Reason)
	}
	look("needs.ledger", m.Needs.Ledger)
	look("needs.kv", m.Needs.KV)
	for i, n := range m.Needs.Customer {
		look(fmt.Sprintf("needs.customer[%d].reason", i), n.Reason)
	}
	for i, n := range m.Needs.Secrets {
		look(fmt.Sprintf("needs.secrets[%d].reason", i), n.Reason)
	}
	for _, a := range m.Actions {
		look("actions."+a.Name+".title", a.Title)
		look("actions."+a.Name+".description", a.Description)
	}
	if n := len(missing); n > 0 {
		list := strings.Join(missing[:min(n, 5)], ", ")
		if n > 5 {
			list += fmt.Sprintf(" and %d more", n-5)
		}
		s.add(Finding{
			Path: missing[0], Warning: true, Message: "These texts have no Chinese: " + list + ".",
			Mend: `Add a text for "zh-CN" to each.`,
		})
	}
}

// effects warns of actions that change something and leave open how it is
// undone, and of those that people cannot name.
func (c *checker) effects(s *Stage) {
	undoes := map[string]bool{}
	for _, a := range c.manifest.Actions {
		undoes[a.Undo] = true
	}
	for _, a := range c.manifest.Actions {
		path := "actions." + a.Name
		if len(a.Title) == 0 {
			s.add(Finding{
				Path: path + ".title", Warning: true, Message: "The action has no title: people see its name instead.",
				Mend: "Give it one in English and Chinese.",
			})
		}
		if a.Effect == abi.Write && a.Undo == "" && len(a.Description) == 0 && !undoes[a.Name] {
			s.add(Finding{
				Path: path + ".undo", Warning: true, Message: "The action changes something outside, and nothing undoes it when a journey fails later.",
				Mend: "Name the action that undoes it; if nothing can, say why in the description.",
			})
		}
	}
}

// examplesGiven warns of actions that nothing is known about.
func (c *checker) examplesGiven(s *Stage) {
	for _, a := range c.manifest.Actions {
		if len(a.Examples) == 0 {
			s.add(Finding{
				Path: "actions." + a.Name + ".examples", Warning: true,
				Message: "The action has no example: nobody can see what it does, and nothing of it is checked.",
				Mend:    "Add one for its usual result, and one for each error that a journey should handle.",
			})
		}
	}
}
