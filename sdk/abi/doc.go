// Package abi holds the constants of ABI v1 that host and guest share.
package abi
