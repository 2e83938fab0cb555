// Package journeytest gives tests a catalog of the example partners' actions,
// as their manifests declare them.
package journeytest

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/qidong/qidong/orchestrator/journey"
)

type catalog map[string]journey.ActionSpec

func (c catalog) Action(name string) (journey.ActionSpec, bool) { s, ok := c[name]; return s, ok }
func (c catalog) Actions() []string                             { return slices.Sorted(maps.Keys(c)) }

// Catalog holds the actions of cinema, bank, ride and points, and test.echo,
// which has no effect and takes anything.
func Catalog() journey.Catalog {
	c := catalog{}
	c.add("cinema.list_shows", "read", "", "film_id:string count:integer locale:string")
	c.add("cinema.hold_seats", "write", "release_seats", "show_id:string seats:integer customer_ref:string locale:string")
	c.add("cinema.release_seats", "write", "", "hold_key:string")
	c.add("cinema.issue_ticket", "write", "void_ticket", "hold_id:string payment_id:string customer_ref:string")
	c.add("cinema.void_ticket", "write", "", "ticket_key:string")
	c.add("bank.charge", "write", "refund", "amount:integer currency:string customer_ref:string description:string")
	c.add("bank.refund", "write", "", "charge_key:string")
	c.add("ride.order", "write", "cancel", "pickup:object destination:object arrive_by:string customer_ref:string")
	c.add("ride.cancel", "write", "", "order_key:string")
	c.add("points.grant", "write", "", "amount:integer reason:string")
	c.add("test.echo", "none", "", "")
	return c
}

// add declares an action; fields is "name:type …", all of them required, or ""
// for an action that takes anything.
func (c catalog) add(name, effect, undo, fields string) {
	plugin, action, _ := strings.Cut(name, ".")
	input := map[string]any{"type": "object"}
	if fields != "" {
		properties, required := map[string]any{}, []any{}
		for _, f := range strings.Fields(fields) {
			field, kind, _ := strings.Cut(f, ":")
			properties[field] = map[string]any{"type": kind}
			required = append(required, field)
		}
		input["properties"], input["required"] = properties, required
	}
	c[name] = journey.ActionSpec{
		Action: journey.Action{
			Plugin: plugin, Version: "1.0.0", Digest: strings.Repeat("0", 64), Name: action, Effect: effect, Timeout: 5 * time.Second,
		},
		Undo: undo, Input: input, Output: map[string]any{"type": "object"},
	}
}
