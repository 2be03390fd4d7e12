package pages

import (
	"bytes"
	"html/template"
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	tables "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// guides turns the guides of connectors into HTML. What is HTML in a guide is left out, and so are addresses that run something.
type guides struct{ markdown goldmark.Markdown }

func newGuides() guides {
	return guides{goldmark.New(
		goldmark.WithExtensions(extension.Table, extension.Linkify),
		goldmark.WithParserOptions(parser.WithASTTransformers(util.Prioritized(withinPage{}, 100))),
	)}
}

var firstHeading = regexp.MustCompile(`\A\s*# [^\n]*\n`)

// parts renders a guide without its title, which the page has: how to get the login, which comes first, and whatever has a heading of its own.
func (g guides) parts(guide string) (login, more template.HTML, err error) {
	guide = firstHeading.ReplaceAllString(guide, "")
	cut := len(guide)
	if at := strings.Index(guide, "\n## "); at >= 0 {
		cut = at
	}
	if login, err = g.html(guide[:cut]); err != nil {
		return "", "", err
	}
	more, err = g.html(guide[cut:])
	return login, more, err
}

func (g guides) html(text string) (template.HTML, error) {
	var out bytes.Buffer
	if err := g.markdown.Convert([]byte(text), &out); err != nil {
		return "", err
	}
	return template.HTML(out.String()), nil
}

// withinPage fits a document into a page: headings below the page's own, links that open beside it, no pictures from elsewhere.
type withinPage struct{}

// Transform implements parser.ASTTransformer.
func (withinPage) Transform(doc *ast.Document, reader text.Reader, _ parser.Context) {
	var pictures []ast.Node
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Heading:
			n.Level = min(n.Level+1, 6)
		case *ast.Link, *ast.AutoLink:
			n.SetAttributeString("target", []byte("_blank"))
			n.SetAttributeString("rel", []byte("noopener noreferrer"))
		case *tables.TableCell:
			if _, head := n.Parent().(*tables.TableHeader); head && n.ChildCount() == 0 {
				n.SetAttributeString("role", []byte("presentation"))
			}
		case *ast.Image:
			pictures = append(pictures, n)
		}
		return ast.WalkContinue, nil
	})
	for _, n := range pictures {
		n.Parent().RemoveChild(n.Parent(), n)
	}
}
