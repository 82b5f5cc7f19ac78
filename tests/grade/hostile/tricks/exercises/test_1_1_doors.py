def test_the_app_is_there():
    pass
