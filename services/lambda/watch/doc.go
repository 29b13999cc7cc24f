// Package watch notices when source code has changed.
package watch
