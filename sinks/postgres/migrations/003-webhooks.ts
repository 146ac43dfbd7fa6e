/** What webhooks were told of alerts: the last word that each receiver took. */
export const webhooks = `
create table webhook_told (
  hook text not null,
  alert text not null,
  status text not null,
  severity text not null,
  told_at timestamptz not null default now(),
  primary key (hook, alert)
);
`
