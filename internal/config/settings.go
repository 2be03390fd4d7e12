package config

import (
	"fmt"
	"reflect"
	"strings"
)

// Setting is one setting as documentation shows it.
type Setting struct {
	Flag, Short, Variable, Default, Placeholder, Help string
}

// Group is the settings of one kind of command.
type Group struct {
	Title, Intro string
	Settings     []Setting
}

// Groups lists every setting there is, read from the structs themselves.
func Groups() []Group {
	return []Group{
		{"busbar serve", "The server.", settingsOf(reflect.TypeFor[Serve]())},
		{"busbar demo", "The server with simulated systems and data.", settingsOf(reflect.TypeFor[Demo]())},
		{"Every command", "Where the variables may come from.", settingsOf(reflect.TypeFor[Common]())},
		{"All commands but serve and demo", "How they reach a running Busbar.", settingsOf(reflect.TypeFor[Client]())},
	}
}

func settingsOf(t reflect.Type) []Setting {
	var list []Setting
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			list = append(list, settingsOf(f.Type)...)
			continue
		}
		list = append(list, Setting{
			Flag: f.Tag.Get("name"), Short: f.Tag.Get("short"), Variable: f.Tag.Get("env"), Default: f.Tag.Get("default"),
			Placeholder: f.Tag.Get("placeholder"), Help: f.Tag.Get("help"),
		})
	}
	return list
}

// variable gives the environment variable of a flag.
func variable(flag string) string {
	return "BUSBAR_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// Markdown is docs/settings.md.
func Markdown() string {
	var b strings.Builder
	b.WriteString(markdownHead)
	for _, g := range Groups() {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n| flag | variable | default | meaning |\n|---|---|---|---|\n", g.Title, g.Intro)
		for _, s := range g.Settings {
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", s.flagCell(), code(s.Variable), code(s.Default), strings.ReplaceAll(s.Help, "|", "\\|"))
		}
	}
	return b.String()
}

const markdownHead = `<!-- Code generated from internal/config by ` + "`make generate`" + `; DO NOT EDIT. -->
# Settings

Every setting is a flag and, where one is named, a variable of the environment. A flag wins over a variable, and a variable over a default.
When something is wrong, Busbar names every wrong setting at once and does not start.
`

func (s Setting) flagCell() string {
	cell := code("--" + s.Flag + " " + s.Placeholder)
	if s.Short != "" {
		cell += ", " + code("-"+s.Short)
	}
	return cell
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}
