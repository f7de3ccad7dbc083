package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// boundElsewhere are clients whose every request has a context with a deadline.
var boundElsewhere = map[string]bool{"gateways/ical/fetch.go": true, "cmd/cabanas/doctor_neighbours.go": true, "cmd/cabanas/probe.go": true}

// skipped are stand-ins and tools of a developer's machine, beside what is no code of ours.
var skipped = map[string]bool{"sandbox": true, "load": true, "node_modules": true, "testdata": true}

// A server without timeouts is held by whoever sends slowly, a client without one by whoever answers slowly.
func TestServersAndClientsHaveTimeouts(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	servers, clients := 0, 0
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != root && (strings.HasPrefix(entry.Name(), ".") || skipped[entry.Name()]):
			return filepath.SkipDir
		case entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(node ast.Node) bool {
			switch found := node.(type) {
			case *ast.CompositeLit:
				switch httpName(found.Type) {
				case "Server":
					servers++
					require.Contains(t, fieldsOf(found), "ReadHeaderTimeout", name)
				case "Client":
					clients++
					require.True(t, boundElsewhere[filepath.ToSlash(name)] || strings.Contains(fieldsOf(found), "Timeout"), "%s: a client without a timeout", name)
				}
			case *ast.SelectorExpr:
				if boundElsewhere[filepath.ToSlash(name)] {
					return true
				}
				for _, bare := range []string{"DefaultClient", "Get", "Head", "Post", "PostForm", "ListenAndServe", "ListenAndServeTLS", "Serve", "ServeTLS"} {
					require.NotEqual(t, bare, httpName(found), "%s: http.%s has no timeout", name, bare)
				}
			}
			return true
		})
		return nil
	}))
	require.Greater(t, servers, 2)
	require.Greater(t, clients, 1)
}

func httpName(node ast.Expr) string {
	selector, ok := node.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	if from, ok := selector.X.(*ast.Ident); !ok || from.Name != "http" {
		return ""
	}
	return selector.Sel.Name
}

func fieldsOf(literal *ast.CompositeLit) string {
	var names []string
	for _, element := range literal.Elts {
		if pair, ok := element.(*ast.KeyValueExpr); ok {
			if key, ok := pair.Key.(*ast.Ident); ok {
				names = append(names, key.Name)
			}
		}
	}
	return strings.Join(names, " ")
}
