"""What people noted of a site: promotions, changes of staffing."""
