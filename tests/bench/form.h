/*
 * form: the application that the bench sends, in as many copies as it likes.
 *
 * All of them are good, of about 1.5 kB, and no two are the same.
 */
#ifndef BENCH_FORM_H
#define BENCH_FORM_H

#include "buf.h"

#define BENCH_CLIENTS 200u

/* The n-th, for that client ("": one of BENCH_CLIENTS), to take effect on that
 * day; appended. */
static inline void
form_put(struct buf *out, unsigned n, const char *client, const char *day)
{
	static const char *const words[] = { "orders", "stock", "prices",
	    "returns", "invoices", "parcels", "customers", "catalogue" };
	unsigned i;

	buf_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<application xmlns=\"urn:docket:api-key:1\">\n");
	if (*client != '\0')
		buf_putf(out, "  <client>%s</client>\n", client);
	else
		buf_putf(out, "  <client>client-%03u</client>\n",
		    n * 7919 % BENCH_CLIENTS);
	buf_putf(out, "  <name>Application %u: %s and %s</name>\n"
	    "  <effective>%s</effective>\n"
	    "  <expiry>2099-12-31</expiry>\n"
	    "  <quota>%u</quota>\n"
	    "  <description>Application %u reads %s for its users, who "
	    "look at them on the road. It asks once a minute, keeps what it "
	    "got for ten, and sends nothing back but what a person has "
	    "entered. Whoever runs it answers the telephone at all hours, "
	    "under %07u.</description>\n"
	    "  <apis>\n", n, words[n % 8], words[n / 8 % 8], day,
	    1000 + n % 9000, n, words[n / 64 % 8], n * 2654435761u % 10000000);
	for (i = 0; i < 36; i++)
		buf_putf(out, "    <api>%s-%u</api>\n", words[(n + i) % 8],
		    i);
	buf_puts(out, "  </apis>\n</application>\n");
}

#endif
