/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records of the control socket as tables and as JSON. What came from a host is escaped.
 */
#ifndef BROKER_CTL_PRINT_H
#define BROKER_CTL_PRINT_H

#include <stdbool.h>
#include <stdint.h>

/* records: `count` of struct ctl_session, ctl_namespace or ctl_ana; to stdout. */
void	print_sessions(const void *records, uint32_t count, bool json);
void	print_namespaces(const void *records, uint32_t count, bool json);
void	print_ana(const void *records, uint32_t count, bool json);

#endif
