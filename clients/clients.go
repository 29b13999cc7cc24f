// Package clients holds the tests that let real clients work against a whole
// Signalbox: Terraform with the AWS provider, the AWS SDKs for Python and
// JavaScript, the AWS CLI. (The SDK for Go is used by the tests of each
// service.) What a client's test needs is set up by `make test`; where a
// client's runtime is absent, its tests are left out and say so, unless CI=true
// makes that a failure.
package clients
