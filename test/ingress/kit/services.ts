/** Services for tests of pure phases. */
import type { ServiceOptions } from '../../../ingress/options.ts'
import type { Service } from '../../../ingress/phases/context.ts'
import { openService, type Given } from '../../../ingress/services.ts'
import { chance } from './candidates.ts'

export const given: Given = { random: chance(1), tokenOf: (url) => `t${url.length}${url.at(-1)}` }

export const serviceOf = (urls: readonly string[], rest: Partial<ServiceOptions> = {}): Service =>
  openService({ name: 'shop', match: '/*', upstreams: urls.map((url) => ({ url })), ...rest }, given)
