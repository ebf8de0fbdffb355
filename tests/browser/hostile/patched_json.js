const { parse, stringify } = JSON;
JSON.parse = function (...all) { return parse.apply(JSON, all) };
JSON.stringify = function (...all) { return stringify.apply(JSON, all) };
