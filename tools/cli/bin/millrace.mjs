#!/usr/bin/env node
// `npx millrace …`: brings the clone up to date first, as npm start does.
import '../../bootstrap.mjs';
