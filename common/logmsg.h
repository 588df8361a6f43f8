/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What listener and workers may say: a number, up to six integers, one text (struct ipc_log). The
 * words are here, and only the broker renders them: it escapes the text, adds host, address and
 * cntlid from its own record, and limits the rate. So nothing a host sends reaches a log unescaped
 * or under another host's name.
 *
 * X(NAME, level, message, remedy). In the message: {0}..{5} an integer, {0:x} in hex, {0:e} an
 * errno's text, {t} the text, escaped. remedy "" means that there is nothing to do.
 */
#ifndef COMMON_LOGMSG_H
#define COMMON_LOGMSG_H

#include <stddef.h>
#include <syslog.h>

#include "common/ipc_payload.h"

#define LOGMSG(X) \
	/* every process */ \
	X(SANDBOX_FAILED, LOG_ERR, "could not narrow itself: {t}", \
	    "see the table of layers in cellblockd(8)") \
	X(NO_MEMORY, LOG_ERR, "out of memory: {t}", "lower limits: memory, or add some") \
	/* listener */ \
	X(LISTENER_CLOSED, LOG_WARNING, "connections closed unheard: {0} for too many greetings, " \
	    "{1} for too many from their source, {2} for what their source did before", \
	    "raise limits: greetings, or block the source") \
	X(LISTENER_FULL, LOG_WARNING, "accepting pauses: {0:e}", "raise LimitNOFILE") \
	/* worker: before identity */ \
	X(NO_RING, LOG_ERR, "no worker can start: io_uring: {0:e}", "permit it (is there a " \
	    "kernel.io_uring_disabled?), or say engine: auto or threads") \
	X(GREET_LATE, LOG_NOTICE, "greeting not finished in time, waiting for {t}", "") \
	X(CONNECT_MALFORMED, LOG_WARNING, \
	    "Connect refused, status {0:x}h, IATTR {1}, IPO {2}", "") \
	X(KATO_TOO_LONG, LOG_WARNING, "host {t} asks for a keep alive timeout of {0} ms, at most " \
	    "{1} ms are granted", "raise limits: keep-alive, or connect with less") \
	/* worker: transport */ \
	X(PDU_FATAL, LOG_WARNING, "queue {0}: protocol error {1:x}h ({t}), FEI {2:x}h", \
	    "look at the host's software") \
	X(H2C_TERMREQ, LOG_WARNING, "queue {0}: the host ended the connection, FES {1:x}h ({t}), " \
	    "FEI {2:x}h", "look at the host's log") \
	X(QUEUE_CLOSED, LOG_INFO, "queue {0} closed with {1} commands in it: {t}", "") \
	X(TRANSFER_LATE, LOG_WARNING, "queue {0}: data for {1} commands did not come in time", \
	    "look at the network") \
	/* worker: controller */ \
	X(KEEP_ALIVE_LATE, LOG_WARNING, "no command within its keep alive time of {0} ms", \
	    "look at the host and the network") \
	X(CTRL_END, LOG_INFO, "controller ends: {t}", "") \
	X(DRAIN_LATE, LOG_WARNING, "{t}: {0} operations of a device are not done in time", \
	    "look at the device") \
	X(FLUSH_FAILED, LOG_ERR, "{t}: namespace {0} cannot be flushed: {1:e}", \
	    "look at the device")

#define LOGMSG_ENUM_(NAME, level, message, remedy) MSG_##NAME,
enum logmsg { LOGMSG(LOGMSG_ENUM_) MSG_MAX };

struct logmsg_row {
	const char *name;
	int level;
	const char *message;
	const char *remedy;
};

extern const struct logmsg_row logmsg_rows[MSG_MAX];

/*
 * One line without newline: the message, then "; " and context when there is one (the broker's
 * words: "host=... addr=... cntlid=..."), then "; " and the remedy. Whatever *log contains, buf is
 * terminated and holds printable ASCII only as far as it comes from *log. Returns the level
 * (LOG_WARNING for a number that is not known).
 */
int	logmsg_render(char *buf, size_t size, const struct ipc_log *log, const char *context);

#endif
