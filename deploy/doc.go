// Package deploy holds what runs the product for guests: images, the compose file, nginx, Prometheus, Grafana, Fly and the scripts
// of operators. Its tests check all that can be checked without a Docker engine: schemas and cross-references of the files, a real
// nginx before every route, and every script against real servers.
package deploy
