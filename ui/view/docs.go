package view

import "github.com/qidong/qidong/ui/guide"

// A Guide is a page of the documentation.
type Guide struct {
	Name string
	Lang string // the language it is in
	Page guide.Page
}
