package whatsapp

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var ana = Recipient{Phone: "5491112345678"}

func TestEncodeGivesTheExactWireForm(t *testing.T) {
	t.Parallel()
	const head = `"messaging_product":"whatsapp","recipient_type":"individual","to":"+5491112345678",`
	tests := map[string]struct {
		message Message
		to      Recipient
		want    string
	}{
		"text": {Text("Hola"), ana, `{` + head + `"type":"text","text":{"body":"Hola","preview_url":false}}`},
		"text with callback data": {
			Text("https://x.y").WithCallbackData("RES1/hold"), Recipient{Phone: "+5491112345678", UserID: "AR.1"},
			`{` + head + `"type":"text","biz_opaque_callback_data":"RES1/hold","text":{"body":"https://x.y","preview_url":false}}`,
		},
		"to a user id": {
			Text("Hola"), Recipient{UserID: "AR.1A2B"},
			`{"messaging_product":"whatsapp","recipient_type":"individual","recipient":"AR.1A2B","type":"text","text":{"body":"Hola","preview_url":false}}`,
		},
		"buttons": {
			Buttons("¿Reservo?", Button{"yes", "Sí"}, Button{"no", "No"}).WithHeader("Arrayán").WithFooter("30 min"), ana,
			`{` + head + `"type":"interactive","interactive":{"type":"button","header":{"type":"text","text":"Arrayán"},"body":{"text":"¿Reservo?"},"footer":{"text":"30 min"},
			  "action":{"buttons":[{"type":"reply","reply":{"id":"yes","title":"Sí"}},{"type":"reply","reply":{"id":"no","title":"No"}}]}}}`,
		},
		"list": {
			List("Libres", "Ver", Section{Title: "Cabañas", Rows: []Row{{"acc:1", "Arrayán", "$ 90.000"}, {"acc:2", "Coihue", ""}}}), ana,
			`{` + head + `"type":"interactive","interactive":{"type":"list","body":{"text":"Libres"},"action":{"button":"Ver","sections":[{"title":"Cabañas",
			  "rows":[{"id":"acc:1","title":"Arrayán","description":"$ 90.000"},{"id":"acc:2","title":"Coihue"}]}]}}}`,
		},
		"link": {
			CTAURL("Seña", "Pagar seña", "https://mp.example/1").WithFooter("f"), ana,
			`{` + head + `"type":"interactive","interactive":{"type":"cta_url","body":{"text":"Seña"},"footer":{"text":"f"},"action":{"name":"cta_url","parameters":{"display_text":"Pagar seña","url":"https://mp.example/1"}}}}`,
		},
		"image":    {Image("https://x.y/a.jpg", "Arrayán"), ana, `{` + head + `"type":"image","image":{"link":"https://x.y/a.jpg","caption":"Arrayán"}}`},
		"location": {Location(Place{-31.4, -64.2, "Casa", "Ruta 5"}), ana, `{` + head + `"type":"location","location":{"latitude":-31.4,"longitude":-64.2,"name":"Casa","address":"Ruta 5"}}`},
		"template": {
			Template(TemplateCall{Name: "reserva_confirmada", Language: "es_AR", Body: []string{"Ana", "RES1"}, URLSuffix: "abc", Replies: []string{"help"}}), ana,
			`{` + head + `"type":"template","template":{"name":"reserva_confirmada","language":{"code":"es_AR"},"components":[
			  {"type":"body","parameters":[{"type":"text","text":"Ana"},{"type":"text","text":"RES1"}]},
			  {"type":"button","sub_type":"url","index":"0","parameters":[{"type":"text","text":"abc"}]},
			  {"type":"button","sub_type":"quick_reply","index":"1","parameters":[{"type":"payload","payload":"help"}]}]}}`,
		},
		"bare template": {Template(TemplateCall{Name: "n", Language: "es_AR"}), ana, `{` + head + `"type":"template","template":{"name":"n","language":{"code":"es_AR"}}}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := test.message.Encode(test.to)
			require.NoError(t, err)
			require.JSONEq(t, test.want, string(got))
		})
	}
}

func TestValidateHoldsEveryLimit(t *testing.T) {
	t.Parallel()
	long := func(n int) string { return strings.Repeat("ñ", n) }
	rows := func(n int) []Row {
		all := make([]Row, n)
		for i := range all {
			all[i] = Row{ID: strings.Repeat("r", i+1), Title: "t"}
		}
		return all
	}
	button := func(id, title string) Message { return Buttons("b", Button{id, title}) }
	list := func(row Row) Message { return List("b", "c", Section{Rows: []Row{row}}) }
	sections := func(n int) Message {
		all := make([]Section, n)
		for i := range all {
			all[i] = Section{Title: "s", Rows: []Row{{ID: strings.Repeat("r", i+1), Title: "t"}}}
		}
		return List("b", "c", all...)
	}
	// Each pair: the longest that is allowed, and one more.
	pairs := map[string][2]Message{
		"text":                 {Text(long(4096)), Text(long(4097))},
		"empty text":           {Text("x"), Text(" \n")},
		"interactive body":     {Buttons(long(1024), Button{"i", "t"}), Buttons(long(1025), Button{"i", "t"})},
		"header":               {button("i", "t").WithHeader(long(60)), button("i", "t").WithHeader(long(61))},
		"footer":               {button("i", "t").WithFooter(long(60)), button("i", "t").WithFooter(long(61))},
		"button title":         {button("i", long(20)), button("i", long(21))},
		"empty button title":   {button("i", "t"), button("i", "")},
		"button id":            {button(long(256), "t"), button(long(257), "t")},
		"no button":            {button("i", "t"), Buttons("b")},
		"three buttons":        {Buttons("b", Button{"1", "1"}, Button{"2", "2"}, Button{"3", "3"}), Buttons("b", Button{"1", "1"}, Button{"2", "2"}, Button{"3", "3"}, Button{"4", "4"})},
		"unique titles":        {Buttons("b", Button{"1", "a"}, Button{"2", "b"}), Buttons("b", Button{"1", "a"}, Button{"2", "a"})},
		"unique ids":           {Buttons("b", Button{"1", "a"}, Button{"2", "b"}), Buttons("b", Button{"1", "a"}, Button{"1", "b"})},
		"list body":            {List(long(1024), "c", Section{Rows: rows(1)}), List(long(1025), "c", Section{Rows: rows(1)})},
		"list button":          {List("b", long(20), Section{Rows: rows(1)}), List("b", long(21), Section{Rows: rows(1)})},
		"ten rows":             {List("b", "c", Section{Rows: rows(10)}), List("b", "c", Section{Rows: rows(11)})},
		"ten rows in total":    {List("b", "c", Section{"a", rows(9)}, Section{"b", []Row{{"z", "t", ""}}}), List("b", "c", Section{"a", rows(9)}, Section{"b", []Row{{"z", "t", ""}, {"y", "t", ""}}})},
		"ten sections":         {sections(10), sections(11)},
		"no section":           {sections(1), List("b", "c")},
		"empty section":        {sections(1), List("b", "c", Section{Title: "s"})},
		"section title":        {List("b", "c", Section{long(24), rows(1)}), List("b", "c", Section{long(25), rows(1)})},
		"titles when several":  {sections(2), List("b", "c", Section{"", rows(1)}, Section{"b", []Row{{"z", "t", ""}}})},
		"row id":               {list(Row{ID: long(200), Title: "t"}), list(Row{ID: long(201), Title: "t"})},
		"row title":            {list(Row{ID: "i", Title: long(24)}), list(Row{ID: "i", Title: long(25)})},
		"row description":      {list(Row{"i", "t", long(72)}), list(Row{"i", "t", long(73)})},
		"unique row ids":       {List("b", "c", Section{Rows: rows(2)}), List("b", "c", Section{Rows: []Row{{"i", "a", ""}, {"i", "b", ""}}})},
		"link title":           {CTAURL("b", long(20), "https://x.y"), CTAURL("b", long(21), "https://x.y")},
		"link body":            {CTAURL(long(1024), "t", "https://x.y"), CTAURL(long(1025), "t", "https://x.y")},
		"link address":         {CTAURL("b", "t", "http://127.0.0.1:8000/x"), CTAURL("b", "t", "javascript:alert(1)")},
		"link without host":    {CTAURL("b", "t", "https://x.y"), CTAURL("b", "t", "https:///x")},
		"caption":              {Image("https://x.y", long(1024)), Image("https://x.y", long(1025))},
		"image address":        {Image("https://x.y", ""), Image("a.jpg", "")},
		"latitude":             {Location(Place{Latitude: -90}), Location(Place{Latitude: -90.1})},
		"longitude":            {Location(Place{Longitude: 180}), Location(Place{Longitude: math.NaN()})},
		"template name":        {Template(TemplateCall{Name: "n", Language: "es_AR"}), Template(TemplateCall{Language: "es_AR"})},
		"template variable":    {Template(TemplateCall{Name: "n", Language: "l", Body: []string{"x"}}), Template(TemplateCall{Name: "n", Language: "l", Body: []string{""}})},
		"callback data":        {Text("x").WithCallbackData(long(512)), Text("x").WithCallbackData(long(513))},
		"made by constructors": {Text("x"), Message{}},
	}
	for name, pair := range pairs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.NoError(t, pair[0].Validate())
			err := pair[1].Validate()
			require.Error(t, err)
			require.NotContains(t, err.Error(), "ñ")
			_, err = pair[1].Encode(ana)
			require.Error(t, err)
		})
	}
}

func TestEncodeRefusesABadRecipient(t *testing.T) {
	t.Parallel()
	for _, to := range []Recipient{{}, {Phone: "+"}, {Phone: "11 1234"}, {Phone: "AR.1"}, {Phone: "1234567"}, {Phone: "1234567890123456"}} {
		_, err := Text("x").Encode(to)
		require.Error(t, err, to)
	}
}

func TestFitText(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text  string
		limit int
		want  string
	}{
		"short":                   {"Cabaña", 6, "Cabaña"},
		"cut":                     {"Cabaña Arrayán", 10, "Cabaña Ar…"},
		"no space at the cut":     {"Cabaña Arrayán", 8, "Cabaña…"},
		"trimmed":                 {"  Sí \n", 2, "Sí"},
		"code points, not bytes":  {"ñññññ", 5, "ñññññ"},
		"variation selector":      {"abc❤️x", 5, "abc…"},
		"skin tone":               {"abc👍🏽xy", 5, "abc…"},
		"joined family":           {"ab👩‍👩‍👧cdefgh", 6, "ab…"},
		"flag":                    {"abc🇦🇷xy", 5, "abc…"},
		"second flag":             {"🇦🇷🇺🇾xy", 4, "🇦🇷…"},
		"combining accent":        {"abcn\u0303xy", 5, "abc…"},
		"one character too large": {"👩‍👩‍👧‍👦", 3, "…"},
		"broken UTF-8":            {"a\xffb", 9, "a\uFFFDb"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, FitText(test.text, test.limit))
		})
	}
}

func TestUniqueTitles(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"Arrayán", "Arrayán (2)", "arrayán (3)", "Coihue"}, UniqueTitles([]string{"Arrayán", "Arrayán", "arrayán", "Coihue"}, 20))
	require.Equal(t, []string{"Cabaña d…", "Caba… (2)"}, UniqueTitles([]string{"Cabaña del lago", "Cabaña del bosque"}, 9))
	require.Equal(t, []string{"A (2)", "A", "A (3)"}, UniqueTitles([]string{"A (2)", "A", "A"}, 10))
	require.Equal(t, []string{"", ""}, UniqueTitles([]string{"", ""}, 10))
}

// Whatever a conversation wants to say, Fit makes it valid or says that it cannot be.
func TestFittedMessagesAreValid(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		message := anyMessage(t)
		fitted, err := message.Fit()
		if err != nil {
			require.Error(t, fitted.Validate())
			return
		}
		require.NoError(t, fitted.Validate())
		again, err := fitted.Fit()
		require.NoError(t, err)
		require.Equal(t, fitted, again, "fitting twice changes nothing")
		body, err := fitted.Encode(ana)
		require.NoError(t, err)
		requireWithinLimits(t, body)
	})
}

// With distinct ids and at most three choices nothing is left that a cut could not repair.
func TestFitNeverRefusesAQuestionWithFewChoices(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		titles := rapid.SliceOfN(rapid.StringMatching(`[a-cñ👍🏽❤️ ]{0,40}x`), 1, MaxButtons).Draw(t, "titles")
		buttons := make([]Button, len(titles))
		for i, title := range titles {
			buttons[i] = Button{ID: strings.Repeat("i", i+1), Title: title}
		}
		_, err := Buttons("x"+rapid.String().Draw(t, "body"), buttons...).Fit()
		require.NoError(t, err)
	})
}

func anyMessage(t *rapid.T) Message {
	text := rapid.OneOf(rapid.String(), rapid.StringOfN(rapid.RuneFrom([]rune("aá 👍🏽❤️\u200d🇦🇷\n")), 0, 1500, -1))
	id := rapid.OneOf(rapid.StringMatching(`[a-z]{1,8}`), rapid.StringN(0, 300, -1))
	var message Message
	switch rapid.IntRange(0, 6).Draw(t, "kind") {
	case 0:
		message = Text(text.Draw(t, "body"))
	case 1:
		buttons := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Button { return Button{id.Draw(t, "id"), text.Draw(t, "title")} }), 0, 4)
		message = Buttons(text.Draw(t, "body"), buttons.Draw(t, "buttons")...)
	case 2:
		row := rapid.Custom(func(t *rapid.T) Row { return Row{id.Draw(t, "id"), text.Draw(t, "title"), text.Draw(t, "description")} })
		section := rapid.Custom(func(t *rapid.T) Section {
			return Section{text.Draw(t, "title"), rapid.SliceOfN(row, 0, 5).Draw(t, "rows")}
		})
		message = List(text.Draw(t, "body"), text.Draw(t, "choose"), rapid.SliceOfN(section, 0, 4).Draw(t, "sections")...)
	case 3:
		message = CTAURL(text.Draw(t, "body"), text.Draw(t, "title"), rapid.SampledFrom([]string{"https://x.y/z", "x"}).Draw(t, "link"))
	case 4:
		message = Image("https://x.y/a.jpg", text.Draw(t, "caption"))
	case 5:
		message = Location(Place{Latitude: rapid.Float64Range(-100, 100).Draw(t, "lat"), Longitude: rapid.Float64().Draw(t, "lon")})
	default:
		message = Template(TemplateCall{Name: "n", Language: "es_AR", Body: rapid.SliceOfN(text, 0, 3).Draw(t, "variables")})
	}
	return message.WithHeader(text.Draw(t, "header")).WithFooter(text.Draw(t, "footer")).WithCallbackData(id.Draw(t, "data"))
}

// requireWithinLimits walks the wire form, independently of Validate, and measures what Meta measures.
func requireWithinLimits(t *rapid.T, body []byte) {
	var request struct {
		Text        struct{ Body string }
		Image       struct{ Caption string }
		Interactive struct {
			Type                 string
			Header, Body, Footer struct{ Text string }
			Action               struct {
				Button   string
				Buttons  []struct{ Reply struct{ ID, Title string } }
				Sections []struct {
					Title string
					Rows  []struct{ ID, Title, Description string }
				}
				Parameters struct {
					DisplayText string `json:"display_text"`
				}
			}
		}
	}
	require.NoError(t, json.Unmarshal(body, &request))
	limit := func(text string, most int) { require.LessOrEqual(t, utf8.RuneCountInString(text), most) }
	limit(request.Text.Body, 4096)
	limit(request.Image.Caption, 1024)
	interactive := request.Interactive
	limit(interactive.Header.Text, 60)
	limit(interactive.Body.Text, 1024)
	limit(interactive.Footer.Text, 60)
	limit(interactive.Action.Button, 20)
	limit(interactive.Action.Parameters.DisplayText, 20)
	require.LessOrEqual(t, len(interactive.Action.Buttons), 3)
	titles, ids, rows := map[string]bool{}, map[string]bool{}, 0
	for _, button := range interactive.Action.Buttons {
		limit(button.Reply.Title, 20)
		limit(button.Reply.ID, 256)
		titles[button.Reply.Title], ids[button.Reply.ID] = true, true
	}
	require.Len(t, titles, len(interactive.Action.Buttons))
	require.Len(t, ids, len(interactive.Action.Buttons))
	require.LessOrEqual(t, len(interactive.Action.Sections), 10)
	for _, section := range interactive.Action.Sections {
		limit(section.Title, 24)
		for _, row := range section.Rows {
			rows++
			ids[row.ID] = true
			limit(row.Title, 24)
			limit(row.ID, 200)
			limit(row.Description, 72)
		}
	}
	require.LessOrEqual(t, rows, 10)
	require.Len(t, ids, rows+len(interactive.Action.Buttons))
}

func TestTemplateVariablesShareTheBody(t *testing.T) {
	t.Parallel()
	message, err := Template(TemplateCall{Name: "n", Language: "es_AR", Body: []string{"RES1", strings.Repeat("á", 2000), "$ 100", strings.Repeat("x", 700)}}).Fit()
	require.NoError(t, err)
	total := 0
	for _, value := range message.template.Body {
		total += utf8.RuneCountInString(value)
	}
	require.Equal(t, MaxTemplateValues, total)
	require.Equal(t, "RES1", message.template.Body[0], "short ones stay whole")
	require.Equal(t, "$ 100", message.template.Body[2])
}
