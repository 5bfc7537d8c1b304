/*
 * docket.js: whether a call may pass, for nginx with njs (nginx.conf).
 *
 * What is known of the key stands in nginx-keys.map, "client|until|quota", and
 * nginx-apis.map. What goes wrong throws: then there is no verdict, and the
 * call is refused with 503.
 */
import crypto from 'crypto';
import fs from 'fs';

/* The digest of the key, as the maps have it. */
function key(r) {
	var sent = r.headersIn['X-API-Key'];

	return sent ? crypto.createHash('sha256').update(sent).digest('hex') :
	    'none';
}

/* The first part of the path, written as in the map. */
function api(r) {
	return encodeURIComponent(r.uri.split('/')[1]).replace(/[!'()*~]/g,
	    function (c) {
		return '%' + c.charCodeAt(0).toString(16).toUpperCase();
	    });
}

function client(r) {
	return r.variables.docket_entry.split('|')[0];
}

function calls(file) {
	try {
		return fs.statSync(file).size;
	} catch (e) {
		if (e.code == 'ENOENT')
			return 0;	/* the first call */
		throw e;
	}
}

/* Counts the call. The byte is appended before it is looked again: of calls
 * at the same time none passes that is one too many. */
function counts(r, quota) {
	var file = r.variables.docket_counts + '/' + r.variables.docket_key;

	if (calls(file) >= quota)
		return false;
	fs.appendFileSync(file, '.');
	return calls(file) <= quota;
}

function verdict(r) {
	var entry = r.variables.docket_entry.split('|');
	var quota = Number(entry[2]);

	if (entry.length != 3 || Date.now() / 1000 >= Number(entry[1]))
		return '401';
	if (!r.variables.docket_may)
		return '403';
	if (quota >= 0 && !counts(r, quota))
		return '429';
	return '200';
}

export default { key, api, client, verdict };
