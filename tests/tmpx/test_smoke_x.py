from tests.fixtures.store import call_rows
def test_x(store):
    t=call_rows(1000)
    store.insert_arrow('calls',t,'a'); store.insert_arrow('calls',t,'a')
    for x in ('calls','calls_1m','calls_1h'):
        print(x,store.query_rows(f'select count() n,sum(calls) s,sum(cost_usd) c from {x}'))
    print(store.query_rows("select engine_full from system.tables where database=currentDatabase() and name like 'calls%' "))
    print(store.query_rows('select * from schema_migrations'))
    print(store.query_rows('select * except(duration_sketch,ttft_sketch,token_us_sketch) from calls_1m limit 1'), store.query_rows('select quantilesDDMerge(0.01,0.5,0.9,0.95,0.99)(token_us_sketch) from calls_1m'))
