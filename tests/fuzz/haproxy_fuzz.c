/*
 * haproxy_fuzz: what answers at HAProxy's socket.  What is taken is one
 * process and a name for each map, fit for a command of one line.
 */
#include "fuzz.h"

#include "haproxy.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char *answer = as_string(p, n);
	struct haproxy_maps maps;
	struct buf why = BUF_INIT;
	int i;

	if (haproxy_parse(answer, "/desk/outbox/gateway", &maps, &why) == 0) {
		must(maps.pid > 0 && why.len == 0);
		for (i = 0; i < MAP_KINDS; i++) {
			must(maps.name[i][0] != '\0');
			/* blanks and the like are escaped */
			must(strchr(maps.name[i], '\n') == NULL);
		}
	} else
		must(is_plain(buf_str(&why)) && why.len > 0);
	buf_free(&why);
	free(answer);
	return 0;
}
