package dialogue

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

var named = regexp.MustCompile(`\{[a-z]+\}`)

func TestLanguagesSayTheSame(t *testing.T) {
	t.Parallel()
	for _, other := range []*catalogue{&portuguese, &english} {
		es, their := reflect.ValueOf(spanish), reflect.ValueOf(*other)
		for i := range es.NumField() {
			field := es.Type().Field(i).Name
			switch es.Field(i).Kind() {
			case reflect.String:
				original, translated := es.Field(i).String(), their.Field(i).String()
				require.NotEmpty(t, original, field)
				require.NotEmpty(t, translated, "%s in %s", field, other.Code)
				require.Equal(t, namesIn(original), namesIn(translated), "%s in %s", field, other.Code)
			case reflect.Array:
				require.NotContains(t, their.Field(i).Interface(), "", field)
			}
		}
	}
}

// knownNames are the variables that texts may have.
var knownNames = strings.Fields("address amount balance cabin capacity checkin checkout code day days deadline deposit from guest guests heard in " +
	"last least left list month most n name newcabin newin newout nights out paid part percent phone price problem property reason refund rest status terms time total " +
	"until weekday what wish words")

func TestTextsNameOnlyWhatIsKnown(t *testing.T) {
	t.Parallel()
	for _, texts := range []any{spanish, portuguese, english, toOwner} {
		values := reflect.ValueOf(texts)
		for i := range values.NumField() {
			if values.Field(i).Kind() != reflect.String {
				continue
			}
			text := values.Field(i).String()
			for _, name := range namesIn(text) {
				require.Contains(t, knownNames, strings.Trim(name, "{}"), "%s: %q", values.Type().Field(i).Name, text)
			}
			require.NotRegexp(t, `[{}]`, named.ReplaceAllString(text, ""), "a brace of its own")
		}
	}
}

// Every text is said somewhere: one that nothing uses is a promise nobody keeps.
func TestEveryTextIsUsed(t *testing.T) {
	t.Parallel()
	code := ""
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, file := range files {
		if strings.HasPrefix(file, "texts") || strings.HasSuffix(file, "_test.go") {
			continue
		}
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		code += string(content)
	}
	for _, texts := range []any{spanish, toOwner} {
		for field := range reflect.TypeOf(texts).Fields() {
			require.Regexp(t, `\.`+field.Name+`\b`, code)
		}
	}
}

func namesIn(text string) []string {
	names := named.FindAllString(text, -1)
	slices.Sort(names)
	return slices.Compact(names)
}

func TestTextsHaveOneEmojiAtMostAndTitlesFit(t *testing.T) {
	t.Parallel()
	for _, c := range []*catalogue{&spanish, &portuguese, &english} {
		values := reflect.ValueOf(*c)
		for i := range values.NumField() {
			if values.Field(i).Kind() != reflect.String {
				continue
			}
			field, text := values.Type().Field(i).Name, values.Field(i).String()
			emojis := 0
			for _, r := range text {
				if unicode.Is(unicode.So, r) {
					emojis++
				}
			}
			require.LessOrEqual(t, emojis, 1, field)
			switch {
			case field == "LinkTitle", field == "HelpButton", len(field) > 6 && field[:6] == "Button":
				require.LessOrEqual(t, runes(text), mostButtonTitle, "%s in %s", field, c.Code)
			case len(field) > 5 && field[:4] == "Help" && field[len(field)-5:] == "Title", field == "RowMore", field == "RowOtherDates":
				require.LessOrEqual(t, runes(text), mostRowTitle, "%s in %s", field, c.Code)
			}
		}
	}
}

func TestFitCutsEverythingToSize(t *testing.T) {
	t.Parallel()
	long := ""
	for range 300 {
		long += "ñandú 🦤 "
	}
	r := fit(Reply{Kind: ReplyButtons, Body: long, Header: long, Footer: long, Choices: []Choice{
		{ID: "a", Title: long}, {ID: "b", Title: long}, {ID: "b", Title: "again"}, {ID: "c", Title: long}, {ID: "d", Title: "d"},
	}})
	require.Len(t, r.Choices, 3)
	require.Equal(t, mostInteractive, runes(r.Body))
	require.LessOrEqual(t, runes(r.Header), mostFrame)
	require.Len(t, map[string]bool{r.Choices[0].Title: true, r.Choices[1].Title: true, r.Choices[2].Title: true}, 3)
	require.Equal(t, ReplyText, fit(Reply{Kind: ReplyLink, Body: "no address"}).Kind)
	require.Equal(t, ReplyText, fit(Reply{Kind: ReplyList, Body: "no rows"}).Kind)
}

func TestLateTextsSayTheSame(t *testing.T) {
	t.Parallel()
	for _, other := range []*lateTexts{&portugueseLate, &englishLate} {
		es, their := reflect.ValueOf(spanishLate), reflect.ValueOf(*other)
		for i := range es.NumField() {
			field := es.Type().Field(i).Name
			require.NotEmpty(t, their.Field(i).String(), field)
			require.Equal(t, namesIn(es.Field(i).String()), namesIn(their.Field(i).String()), field)
			if strings.HasPrefix(field, "Button") {
				require.LessOrEqual(t, runes(their.Field(i).String()), mostButtonTitle, field)
			}
		}
	}
	for _, texts := range []any{spanishLate, toOwnerLate} {
		for _, value := range reflect.ValueOf(texts).Fields() {
			for _, name := range namesIn(value.String()) {
				require.Contains(t, knownNames, strings.Trim(name, "{}"))
			}
		}
	}
}
