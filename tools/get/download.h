/* SPDX-License-Identifier: MIT */
#ifndef GET_DOWNLOAD_H
#define GET_DOWNLOAD_H

#include "get/connect.h"
#include "get/output.h"
#include "get/progress.h"

/*
 * Asks for the URL and receives the answer into out. true: all of it came. false:
 * the sentence has been printed.
 */
bool get_download(struct get_peer *peer, struct get_output *out);

#endif
