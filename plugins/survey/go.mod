module github.com/qidong/qidong/plugins/survey

go 1.25.0

require github.com/qidong/qidong/sdk v0.0.0

replace github.com/qidong/qidong/sdk => ../../sdk
