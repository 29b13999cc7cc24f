// Package backend is what stands behind API Gateway's integrations: Lambda
// functions ([Functions]), operations of other AWS services ([Services]), HTTP
// servers; and the form in which functions get requests and give responses.
package backend
