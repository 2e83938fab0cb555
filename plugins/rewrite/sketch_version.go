package rewrite

const Version = 1
