package main

import (
	"strings"

	"github.com/qidong/qidong/sdk/abi"
	"github.com/qidong/qidong/sdk/plugin"
)

// Page names a page of the catalog.
type Page struct {
	Path string `json:"path" schema:"maxLength=500,pattern=^/" title:"Path" title-zh-CN:"路径"`
}

// Answer is what the catalog answered.
type Answer struct {
	Status int    `json:"status" title:"Status" title-zh-CN:"状态码"`
	Body   string `json:"body" title:"Text" title-zh-CN:"内容"`
}

// Fetch reads a page, whatever its status is.
func Fetch(c *plugin.Call, in Page) (Answer, error) {
	var config Config
	if err := c.Config(&config); err != nil {
		return Answer{}, err
	}
	if config.BaseURL == "" {
		return Answer{}, plugin.Errorf("not_configured", "The address of the catalog is not configured.")
	}
	r, err := c.Do(abi.HTTPRequest{Method: "GET", URL: strings.TrimRight(config.BaseURL, "/") + in.Path})
	if err != nil {
		return Answer{}, err
	}
	if r.Base64 != "" {
		return Answer{}, plugin.Errorf("not_text", "The page is no text.")
	}
	return Answer{Status: r.Status, Body: r.Text}, nil
}
