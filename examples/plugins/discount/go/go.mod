module discount.example/plugin

go 1.25.0

require github.com/qidong/qidong/sdk v0.0.0

// In a project of your own, drop this line and require a released version.
replace github.com/qidong/qidong/sdk => ../../../../sdk
