/** Finds the admin API of what runs on this profile. */
import { placeOf, readRunFile } from '../roles/place.ts'
import { adminClient, type AdminClient } from './admin.ts'
import { configOf, type CommonFlags } from './options.ts'

/** The port a person named, else what the profile's run file says, else the default. */
export const adminOf = (flags: CommonFlags): AdminClient => {
  const loaded = configOf(flags)
  const { admin } = loaded.config
  const running = loaded.named(['admin', 'port']) ? undefined : readRunFile(placeOf(loaded.config))
  const host = admin.host === '0.0.0.0' || admin.host === '::' ? 'localhost' : admin.host
  return adminClient(running?.admin ?? `http://${host}:${admin.port}`, admin.token)
}
