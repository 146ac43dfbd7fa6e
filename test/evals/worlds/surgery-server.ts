/** In the manner of a Spring service: Basic credentials with roles, `Page` around lists, owners with pets with visits inside each other, PUT answers 204, errors with time and path, `version` that rises, statuses that lead to each other. */
import { chanceOf, picker } from './world.ts'
import type { Answer, Ask, OpenServer } from './world.ts'

type Row = Record<string, unknown> & { id: number }
interface Pet extends Row {
  name: string
  visits: Row[]
}
interface Owner extends Row {
  lastName: string
  version: number
  pets: Pet[]
}
export const USERS: Readonly<Record<string, readonly string[]>> = {
  'vera:vet-1': ['OWNERS', 'VETS'],
  'omar:own-2': ['OWNERS'],
  'gil:guest-3': [],
}
export const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`
export const TYPES = ['cat', 'dog', 'bird', 'snake']
export const LAST = 'Adler Baker Cole Davis Evans Franklin Grant'.split(' ')
const FIRST = 'Amy Bob Carl Dora Emil Fay'.split(' ')
const CITIES = ['Madison', 'Windsor', 'Monona']
const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
}
const fail = (ask: Ask, status: number, more: Record<string, unknown> = {}): Answer => {
  const path = ask.path.split('?')[0]
  const timestamp = new Date(ask.now).toISOString().replace('Z', '+00:00')
  return { status, json: { timestamp, status, error: REASONS[status], ...more, path } }
}
const day = (now: number): string => new Date(now).toISOString().slice(0, 10)
const sortOf = (isSorted: boolean) => ({ sorted: isSorted, unsorted: !isSorted, empty: !isSorted })

const pageOf = (rows: readonly Row[], url: URL): Answer => {
  const size = Number(url.searchParams.get('size') ?? 8)
  const number = Number(url.searchParams.get('page') ?? 0)
  const by = url.searchParams.get('sort')
  const [field = '', direction] = (by ?? '').split(',')
  const sign = direction === 'desc' ? -1 : 1
  const ordered =
    by === null
      ? rows
      : [...rows].sort((a, b) => {
          const [x, y] = [a[field] as string, b[field] as string]
          return x === y ? 0 : x < y ? -sign : sign
        })
  const content = ordered.slice(number * size, (number + 1) * size)
  const totalPages = Math.ceil(rows.length / size)
  const sort = sortOf(by !== null)
  return {
    status: 200,
    json: {
      content,
      pageable: { pageNumber: number, pageSize: size, sort, offset: number * size, paged: true, unpaged: false },
      last: number >= totalPages - 1,
      totalElements: rows.length,
      totalPages,
      first: number === 0,
      size,
      number,
      sort,
      numberOfElements: content.length,
      empty: content.length === 0,
    },
  }
}

const shortOf = (body: Row, names: readonly string[]): { field: string; defaultMessage: string }[] =>
  names
    .filter((name) => typeof body[name] !== 'string' || body[name] === '')
    .map((field) => ({ field, defaultMessage: 'must not be blank' }))

export const openSurgery: OpenServer = () => {
  const seed = chanceOf(91)
  const pick = picker(seed)
  let [nextOwner, nextPet, nextVisit] = [41, 201, 901]
  const since = 1_600_000_000_000
  let owners: Owner[] = Array.from({ length: 40 }, (_, i) => ({
    id: i + 1,
    firstName: pick(FIRST),
    lastName: pick(LAST),
    address: `${100 + Math.floor(seed() * 900)} Oak St.`,
    city: pick(CITIES),
    telephone: `60855${String(10_000 + Math.floor(seed() * 80_000))}`,
    active: i % 7 !== 0,
    version: 0,
    pets: Array.from({ length: i % 3 }, (__, k) => ({
      id: 3 * i + k + 1,
      name: `${pick(FIRST)}y`,
      birthDate: day(since + (3 * i + k) * 86_400_000),
      type: { id: 1 + ((i + k) % 4), name: TYPES[(i + k) % 4] },
      ownerId: i + 1,
      visits: [],
    })),
  }))
  const visits: Row[] = Array.from({ length: 24 }, (_, i) => ({
    id: i + 1,
    date: day(since + i * 86_400_000 * 3),
    description: ['rabies shot', 'neutered', 'checkup'][i % 3],
    status: ['PLANNED', 'DONE', 'CANCELLED'][i % 3],
    petId: 1 + 3 * i,
  }))
  const petsOf = (): Pet[] => owners.flatMap((o) => o.pets)
  const shownPet = (pet: Pet) => ({ ...pet, visits: visits.filter((v) => v['petId'] === pet.id) })
  const shown = (owner: Owner) => ({ ...owner, pets: owner.pets.map(shownPet) })
  const brief = ({ pets, ...owner }: Owner): Row => ({ ...owner, petCount: pets.length }) as unknown as Row

  const makeOwner = (ask: Ask): Answer => {
    const body = (ask.json ?? {}) as Row
    const errors = shortOf(body, ['firstName', 'lastName', 'city'])
    if (errors.length > 0) return fail(ask, 400, { errors })
    const { firstName, lastName, address, city, telephone } = body as unknown as Owner
    const owner: Owner = {
      id: nextOwner++,
      firstName,
      lastName,
      address: address ?? null,
      city,
      telephone: telephone ?? null,
      active: true,
      version: 0,
      pets: [],
    }
    owners.push(owner)
    return { status: 201, json: shown(owner) }
  }
  const makePet = (ask: Ask, owner: Owner): Answer => {
    const body = (ask.json ?? {}) as Row & { type?: Row }
    const errors = shortOf(body, ['name', 'birthDate'])
    if (errors.length > 0) return fail(ask, 400, { errors })
    const pet: Pet = {
      id: nextPet++,
      name: String(body['name']),
      birthDate: body['birthDate'],
      type: body.type,
      ownerId: owner.id,
      visits: [],
    }
    owner.pets.push(pet)
    return { status: 201, json: shownPet(pet) }
  }
  const onPets = (ask: Ask, owner: Owner, [id, sub]: readonly (string | undefined)[]): Answer => {
    if (id === undefined)
      return ask.method === 'POST' ? makePet(ask, owner) : { status: 200, json: owner.pets.map(shownPet) }
    const pet = owner.pets.find((p) => String(p.id) === id)
    if (pet === undefined) return fail(ask, 404)
    if (sub === undefined) return { status: 200, json: shownPet(pet) }
    if (ask.method !== 'POST') return { status: 200, json: shownPet(pet).visits }
    const { description, date } = (ask.json ?? {}) as Row
    const visit = { id: nextVisit++, date: date ?? day(ask.now), description, status: 'PLANNED', petId: pet.id }
    visits.push(visit)
    return { status: 201, json: visit }
  }
  const onOwner = (ask: Ask, owner: Owner): Answer => {
    if (ask.method === 'GET') return { status: 200, json: shown(owner) }
    if (ask.method === 'DELETE') {
      owners = owners.filter((o) => o !== owner)
      return { status: 204 }
    }
    const body = (ask.json ?? {}) as Row
    const errors = ask.method === 'PUT' ? shortOf(body, ['firstName', 'lastName', 'city']) : []
    if (errors.length > 0) return fail(ask, 400, { errors })
    Object.assign(owner, body, { version: owner.version + 1 })
    return ask.method === 'PUT' ? { status: 204 } : { status: 200, json: shown(owner) }
  }
  const onOwners = (ask: Ask, url: URL, [id, sub, ...rest]: readonly string[]): Answer => {
    if (id === undefined && ask.method === 'POST') return makeOwner(ask)
    if (id === undefined) {
      const by = (name: string): string | null => url.searchParams.get(name)
      const found = owners.filter(
        (o) =>
          o.lastName.startsWith(by('lastName') ?? '') &&
          (by('city') ?? o['city']) === o['city'] &&
          (by('active') ?? String(o['active'])) === String(o['active']),
      )
      return pageOf(found.map(brief), url)
    }
    if (!/^\d+$/.test(id)) return fail(ask, 400)
    const owner = owners.find((o) => String(o.id) === id)
    if (owner === undefined) return fail(ask, 404)
    if (sub === 'pets') return onPets(ask, owner, rest)
    return sub === undefined ? onOwner(ask, owner) : fail(ask, 404)
  }
  const onVisits = (ask: Ask, url: URL, [id, action]: readonly string[]): Answer => {
    if (id === undefined) {
      const status = url.searchParams.get('status')
      return pageOf(
        visits.filter((v) => (status ?? v['status']) === v['status']),
        url,
      )
    }
    const visit = visits.find((v) => String(v.id) === id)
    if (visit === undefined) return fail(ask, 404)
    if (action === undefined) return { status: 200, json: visit }
    const to = { complete: 'DONE', cancel: 'CANCELLED' }[action]
    if (to === undefined || ask.method !== 'PUT') return fail(ask, 404)
    if (visit['status'] !== 'PLANNED') return fail(ask, 409, { message: `Visit is ${String(visit['status'])}` })
    visit['status'] = to
    return { status: 200, json: visit }
  }
  return (ask) => {
    const url = new URL(ask.path, 'http://x')
    const [, root, what, ...rest] = url.pathname.split('/')
    if (root !== 'petclinic' || what === undefined) return fail(ask, 404)
    const pair = Object.keys(USERS).find((p) => basic(p) === ask.headers['Authorization'])
    if (pair === undefined) return fail(ask, 401)
    if (what === 'pettypes') return { status: 200, json: TYPES.map((name, i) => ({ id: i + 1, name })) }
    if (what === 'me') return { status: 200, json: { username: pair.split(':')[0], roles: USERS[pair], enabled: true } }
    if (!['owners', 'visits', 'pets'].includes(what)) return fail(ask, 404)
    if (!(USERS[pair] ?? []).includes('OWNERS')) return fail(ask, 403)
    if (what === 'pets') {
      const pet = petsOf().find((p) => String(p.id) === rest[0])
      return pet === undefined ? fail(ask, 404) : structuredClone({ status: 200, json: shownPet(pet) })
    }
    return structuredClone(what === 'owners' ? onOwners(ask, url, rest) : onVisits(ask, url, rest))
  }
}
