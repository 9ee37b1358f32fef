# filled in with install rules and the package configuration
