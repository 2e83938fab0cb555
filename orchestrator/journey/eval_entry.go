package journey

// KeywordQuestion is what a keyword entry asks before a customer enters, in the
// language of the scope's customer; "" when it asks nothing.
func (p *Program) KeywordQuestion(s Scope) (string, error) {
	e := p.def.Entry.Keyword
	if e == nil || len(e.Confirm) == 0 {
		return "", nil
	}
	locale, _ := s.Customer["locale"].(string)
	text, err := p.in(s).text(e.Confirm.In(locale))
	return cut(text, maxText), at("entry.keyword.confirm", err)
}
