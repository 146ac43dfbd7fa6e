#!/usr/bin/env node
/** `chaos-proxy` in a clone: installs what the lock file says when it is not there yet, and runs the sources as they are. */
import './install.mjs'

const { register } = await import('tsx/esm/api')
register()
await import('./cli/main.ts')
