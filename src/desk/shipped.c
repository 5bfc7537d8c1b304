/*
 * shipped: the files that come with the program, kept in it.
 *
 * The assembler reads them in; the Makefile knows that this object depends on
 * them.
 */
#include <string.h>

#include "buf.h"
#include "clock.h"

#include "shipped.h"

#define INCLUDE(name, path)						\
	__asm__(".section .rodata\n"					\
	    ".balign 16\n"						\
	    "shipped_" #name ":\n"					\
	    ".incbin \"" path "\"\n"					\
	    "shipped_" #name "_end:\n"					\
	    ".byte 0\n"							\
	    ".previous\n");						\
	extern const char shipped_##name[], shipped_##name##_end[];

INCLUDE(api_key, "schemas/api-key.xsd")
INCLUDE(request, "schemas/request.xsd")
INCLUDE(catalog, "schemas/catalog.xsd")
INCLUDE(receipt, "schemas/receipt.xsd")
INCLUDE(key_xsd, "schemas/key.xsd")
INCLUDE(schema_xsd, "schemas/schema.xsd")
INCLUDE(ex_api_key, "schemas/examples/api-key.xml")
INCLUDE(ex_revocation, "schemas/examples/revocation.xml")
INCLUDE(ex_rotation, "schemas/examples/rotation.xml")
INCLUDE(ex_withdrawal, "schemas/examples/withdrawal.xml")
INCLUDE(ex_decisions, "schemas/examples/decisions.xml")
INCLUDE(ex_clients, "schemas/examples/clients.xml")
INCLUDE(ex_apis, "schemas/examples/apis.xml")
INCLUDE(ex_batch, "schemas/examples/batch.xml")
INCLUDE(blank_api_key, "schemas/examples/blank/api-key.xml")
INCLUDE(blank_revocation, "schemas/examples/blank/revocation.xml")
INCLUDE(blank_rotation, "schemas/examples/blank/rotation.xml")
INCLUDE(blank_withdrawal, "schemas/examples/blank/withdrawal.xml")
INCLUDE(blank_decisions, "schemas/examples/blank/decisions.xml")
INCLUDE(blank_clients, "schemas/examples/blank/clients.xml")
INCLUDE(blank_apis, "schemas/examples/blank/apis.xml")
INCLUDE(blank_batch, "schemas/examples/blank/batch.xml")
INCLUDE(blank_readme, "schemas/examples/blank/README.txt")
INCLUDE(gateway_haproxy, "schemas/examples/gateway/haproxy.cfg")
INCLUDE(gateway_nginx, "schemas/examples/gateway/nginx.conf")
INCLUDE(gateway_script, "schemas/examples/gateway/docket.js")

struct file {
	const char *path, *data, *end;
};

static const struct file schemas[] = {
	{ "schemas/api-key.xsd", shipped_api_key, shipped_api_key_end },
	{ "schemas/request.xsd", shipped_request, shipped_request_end },
	{ "schemas/catalog.xsd", shipped_catalog, shipped_catalog_end },
	{ "schemas/receipt.xsd", shipped_receipt, shipped_receipt_end },
	{ "schemas/key.xsd", shipped_key_xsd, shipped_key_xsd_end },
	{ "schemas/schema.xsd", shipped_schema_xsd, shipped_schema_xsd_end },
	{ "schemas/examples/api-key.xml", shipped_ex_api_key,
	  shipped_ex_api_key_end },
	{ "schemas/examples/revocation.xml", shipped_ex_revocation,
	  shipped_ex_revocation_end },
	{ "schemas/examples/rotation.xml", shipped_ex_rotation,
	  shipped_ex_rotation_end },
	{ "schemas/examples/withdrawal.xml", shipped_ex_withdrawal,
	  shipped_ex_withdrawal_end },
	{ "schemas/examples/decisions.xml", shipped_ex_decisions,
	  shipped_ex_decisions_end },
	{ "schemas/examples/clients.xml", shipped_ex_clients,
	  shipped_ex_clients_end },
	{ "schemas/examples/apis.xml", shipped_ex_apis, shipped_ex_apis_end },
	{ "schemas/examples/batch.xml", shipped_ex_batch,
	  shipped_ex_batch_end },
};

static const struct file blanks[] = {
	{ "api-key.xml", shipped_blank_api_key, shipped_blank_api_key_end },
	{ "revocation.xml", shipped_blank_revocation,
	  shipped_blank_revocation_end },
	{ "rotation.xml", shipped_blank_rotation, shipped_blank_rotation_end },
	{ "withdrawal.xml", shipped_blank_withdrawal,
	  shipped_blank_withdrawal_end },
	{ "decisions.xml", shipped_blank_decisions,
	  shipped_blank_decisions_end },
	{ "clients.xml", shipped_blank_clients, shipped_blank_clients_end },
	{ "apis.xml", shipped_blank_apis, shipped_blank_apis_end },
	{ "batch.xml", shipped_blank_batch, shipped_blank_batch_end },
	{ "README.txt", shipped_blank_readme, shipped_blank_readme_end },
};

static const struct file gateways[] = {
	{ "haproxy.cfg", shipped_gateway_haproxy,
	  shipped_gateway_haproxy_end },
	{ "nginx.conf", shipped_gateway_nginx, shipped_gateway_nginx_end },
	{ "docket.js", shipped_gateway_script, shipped_gateway_script_end },
};

static bool
get(const struct file *files, size_t n, size_t i, struct shipped *s)
{
	if (i >= n)
		return false;
	*s = (struct shipped){ files[i].path, files[i].data,
	    (size_t)(files[i].end - files[i].data) };
	return true;
}

bool
shipped_schema(size_t i, struct shipped *s)
{
	return get(schemas, sizeof(schemas) / sizeof(schemas[0]), i, s);
}

bool
shipped_blank(size_t i, struct shipped *s)
{
	return get(blanks, sizeof(blanks) / sizeof(blanks[0]), i, s);
}

bool
shipped_gateway(size_t i, struct shipped *s)
{
	return get(gateways, sizeof(gateways) / sizeof(gateways[0]), i, s);
}

void
shipped_fill(const struct shipped *s, int32_t today, struct buf *out)
{
	static const struct {
		const char *mark;
		int32_t days;
	} marks[] = {
		{ "@TOMORROW@", 1 },
		{ "@NEXT-YEAR@", 366 },
	};
	const char *at = s->data, *end = s->data + s->len;
	char day[DAY_TEXT];
	size_t i, n;

	while (at < end) {
		for (i = 0; i < 2; i++) {
			n = strlen(marks[i].mark);
			if ((size_t)(end - at) >= n &&
			    memcmp(at, marks[i].mark, n) == 0)
				break;
		}
		if (i < 2) {
			buf_puts(out, day_text(day, today + marks[i].days));
			at += strlen(marks[i].mark);
		} else
			buf_putc(out, *at++);
	}
}
