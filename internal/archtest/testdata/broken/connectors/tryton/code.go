// Package tryton must not be.
package tryton
