package whatsapp

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"cabanas/sandbox/control"
)

var (
	languageCode = regexp.MustCompile(`^[a-z]{2,3}(_[A-Z]{2})?$`)
	badParameter = regexp.MustCompile(`[\n\r\t]| {4,}`)
)

// setTemplate adds a template, in place of one with the same name and language.
func (s *Server) setTemplate(t control.TemplateSpec) {
	list := slices.DeleteFunc(s.templates[t.Name], func(o control.TemplateSpec) bool { return o.Language == t.Language })
	s.templates[t.Name] = append(list, t)
}

// checkTemplate returns the specification that a template message fits.
func (s *Server) checkTemplate(t *templateOut) (control.TemplateSpec, *refusal) {
	var none control.TemplateSpec
	if t.Language == nil || !languageCode.MatchString(t.Language.Code) {
		return none, refuse(codeRequired, "template.language.code is required")
	}
	specs := s.templates[t.Name]
	at := slices.IndexFunc(specs, func(o control.TemplateSpec) bool { return o.Language == t.Language.Code })
	if at < 0 {
		at = slices.IndexFunc(specs, func(o control.TemplateSpec) bool { return o.Language == "" })
	}
	if at < 0 {
		return none, refuse(codeTemplateUnknown, "template name (%s) does not exist in %s", t.Name, t.Language.Code)
	}
	spec := specs[at]
	switch spec.Status {
	case "", "approved":
	case "paused":
		return none, refuse(codeTemplatePaused, "template %s is paused due to low quality", t.Name)
	default:
		return none, refuse(codeTemplateDisabled, "template %s is %s", t.Name, spec.Status)
	}
	body, replies := 0, 0
	for _, c := range t.Components {
		switch c.Type {
		case "header", "body":
		case "button":
			if c.SubType != "url" && c.SubType != "quick_reply" {
				return none, refuse(codeInvalidParameter, "Button sub_type %q is not valid", c.SubType)
			}
			if len(c.Index) == 0 {
				return none, refuse(codeRequired, "template button index is required")
			}
		default:
			return none, refuse(codeInvalidParameter, "Template component type %q is not valid", c.Type)
		}
		for _, p := range c.Parameters {
			if r := checkParameter(p); r != nil {
				return none, r
			}
		}
		if c.Type == "body" {
			body += len(c.Parameters)
		}
		if c.SubType == "quick_reply" {
			replies++
		}
	}
	if spec.Params >= 0 && replies != len(spec.Replies) {
		return none, refuse(codeParamCount, "buttons: template %s has %d quick replies and not %d", t.Name, len(spec.Replies), replies)
	}
	if spec.Params >= 0 && body != spec.Params {
		return none, refuse(codeParamCount,
			"body: number of localizable_params (%d) does not match the expected number of params (%d)", body, spec.Params)
	}
	if shown, _ := describeTemplate(t, spec); utf8.RuneCountInString(shown) > maxBody {
		return none, refuse(codeTemplateTooLong, "Translated text too long")
	}
	return spec, nil
}

func checkParameter(p parameterOut) *refusal {
	switch p.Type {
	case "text":
		if strings.TrimSpace(p.Text) == "" {
			return refuse(codeRequired, "Parameter of type text is missing text value")
		}
		if badParameter.MatchString(p.Text) {
			return refuse(codeParamFormat, "Param text cannot have new-line/tab characters or more than 3 consecutive spaces")
		}
	case "payload":
		if p.Payload == "" {
			return refuse(codeRequired, "Parameter of type payload is missing payload value")
		}
	case "image", "document":
	default:
		return refuse(codeInvalidParameter, "Template parameter type %q is not valid", p.Type)
	}
	return nil
}

// describeTemplate is the template as the guest sees it.
func describeTemplate(t *templateOut, spec control.TemplateSpec) (text string, tpl *control.Template) {
	tpl = &control.Template{Name: t.Name, Language: t.Language.Code}
	for _, c := range t.Components {
		for _, p := range c.Parameters {
			switch {
			case c.Type == "body":
				tpl.Params = append(tpl.Params, p.Text)
			case c.Type == "button" && c.SubType == "quick_reply":
				tpl.Buttons = append(tpl.Buttons, p.Payload)
			case c.Type == "button":
				tpl.Links = append(tpl.Links, p.Text)
			}
		}
	}
	if spec.Text == "" {
		return strings.Join(tpl.Params, " · "), tpl
	}
	text = spec.Text
	for i, p := range tpl.Params {
		text = strings.ReplaceAll(text, fmt.Sprintf("{{%d}}", i+1), p)
	}
	return text, tpl
}
